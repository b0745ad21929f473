//! Logs on standard error, as text or JSON.

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// Flags of logging, with Flux's names.
#[derive(Args, Clone, Debug)]
pub struct LogArguments {
    /// Least severe level that is logged
    #[arg(long, default_value = "info", value_enum)]
    pub log_level: LogLevel,
    /// Form of a log line
    #[arg(long, default_value = "json", value_enum)]
    pub log_encoding: LogEncoding,
}

/// Levels.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What fails.
    Error,
}

impl LogLevel {
    /// Errors alone, unless everything is wanted: for commands that draw.
    pub fn at_least_error_unless_debug(self) -> Self {
        match self {
            Self::Debug => Self::Debug,
            Self::Info | Self::Error => Self::Error,
        }
    }
}

/// Forms.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogEncoding {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Console,
}

/// Starts logging; `RUST_LOG` wins over the level.
pub fn start(arguments: &LogArguments) {
    let level = match arguments.log_level {
        LogLevel::Debug => "debug,kube_client=info,hyper=info,h2=info,rustls=info,gix=info",
        // What the client library calls an error is told again, with its object, by who asked.
        LogLevel::Info => "info,kube_client=off",
        LogLevel::Error => "error,kube_client=off",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // An error means that a subscriber is set already: then it stays.
    let _ = match arguments.log_encoding {
        LogEncoding::Json => builder.json().flatten_event(true).try_init(),
        LogEncoding::Console => builder.try_init(),
    };
}
