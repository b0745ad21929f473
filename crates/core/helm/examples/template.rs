//! `helm template` without the rest of the command line: `RELEASE CHART [FLAGS] [-f VALUES]..`, for measuring the engine as a process.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

#[path = "../tests/support/disk.rs"]
mod disk;
#[path = "../tests/support/run.rs"]
mod run;

fn request(words: impl Iterator<Item = String>) -> Result<(String, run::Request), String> {
    let mut request = run::Request::default();
    let mut words = words.skip_while(|word| word == "helm" || word == "template");
    request.release = words.next().ok_or("the release's name is missing")?;
    let chart = words.next().ok_or("the chart is missing")?;
    while let Some(word) = words.next() {
        if word == "-f" {
            let path = words.next().ok_or("-f needs a file")?;
            let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
            request.values.push(text);
        } else {
            request.flags.push(word);
        }
    }
    Ok((chart, request))
}

fn main() -> ExitCode {
    let outcome = request(std::env::args().skip(1))
        .and_then(|(chart, request)| run::template(Path::new(&chart), &request));
    match outcome {
        Ok(text) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(problem) => {
            eprintln!("Error: {problem}");
            ExitCode::FAILURE
        }
    }
}
