//! A conversation with a remote over http or ssh.

mod http;
pub(crate) mod known_hosts;
mod ssh;

use tokio::io::AsyncRead;

use crate::access::Access;
use crate::error::TransportError;
use crate::remote_url::{RemoteUrl, Scheme};
use crate::upload_pack::{Advertisement, PackRequest};

/// An open conversation: the refs are listed, a pack can be asked for once.
pub(crate) enum Connection {
    /// Over http or https.
    Http(http::HttpConnection),
    /// Over ssh.
    Ssh(Box<ssh::SshConnection>),
}

/// The stream of an answer.
pub(crate) type AnswerStream = Box<dyn AsyncRead + Send + Unpin>;

impl Connection {
    /// Connects and reads the list of refs.
    pub(crate) async fn open(
        url: &RemoteUrl,
        access: &Access,
    ) -> Result<(Self, Advertisement), TransportError> {
        match url.scheme {
            Scheme::Http | Scheme::Https => {
                let (connection, list) = http::HttpConnection::open(url, access).await?;
                Ok((Self::Http(connection), list))
            }
            Scheme::Ssh => {
                let (connection, list) = ssh::SshConnection::open(url, access).await?;
                Ok((Self::Ssh(Box::new(connection)), list))
            }
        }
    }

    /// Sends a request; the answer is read from the stream.
    pub(crate) async fn request(
        &mut self,
        request: &PackRequest,
        server: &Advertisement,
    ) -> Result<AnswerStream, TransportError> {
        let body = request.encode(server);
        match self {
            Self::Http(connection) => connection.post(body).await,
            Self::Ssh(connection) => connection.send(body).await,
        }
    }
}
