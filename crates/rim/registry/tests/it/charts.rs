//! Chart repositories.

use skein_registry::chart_repository::ChartRepository;
use skein_registry::{Access, Credentials};

use crate::server::{Asked, Server, answer};

fn repository(server: &Server, pass_credentials: bool) -> ChartRepository {
    let access = Access {
        credentials: Credentials::Basic {
            username: "u".into(),
            password: "pw".into(),
        },
        ..Access::default()
    };
    let address = format!("http://{}/charts", server.address);
    ChartRepository::new(&address, &access, pass_credentials).unwrap()
}

#[tokio::test]
async fn credentials_go_to_the_host_of_the_index_alone() {
    let other = Server::start(|_: &Asked| answer(200, &[], "chart")).await;
    let server = Server::start(|_: &Asked| answer(200, &[], "index")).await;
    let url = format!("http://{}/a.tgz", other.address);
    let own = repository(&server, false);
    own.fetch_index(10).await.unwrap();
    own.fetch_chart("a.tgz", 10).await.unwrap();
    own.fetch_chart(&url, 10).await.unwrap();
    let both = repository(&server, true);
    both.fetch_chart(&url, 10).await.unwrap();
    assert_eq!(
        server.lines(),
        ["GET /charts/index.yaml", "GET /charts/a.tgz"]
    );
    assert!(server.authorizations().iter().all(Option::is_some));
    let sent = other.authorizations();
    assert_eq!((sent[0].is_none(), sent[1].is_some()), (true, true));
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_no_credentials() {
    let other = Server::start(|_: &Asked| answer(200, &[], "index")).await;
    let target = format!("http://localhost:{}/index.yaml", other.address.port());
    let server = Server::start(move |_: &Asked| answer(302, &[("location", &target)], "")).await;
    repository(&server, true).fetch_index(10).await.unwrap();
    assert_eq!(other.authorizations(), [None]);
}

#[tokio::test]
async fn an_index_that_is_too_large_is_refused() {
    let server = Server::start(|_: &Asked| answer(200, &[], vec![b'x'; 1000])).await;
    let error = repository(&server, false)
        .fetch_index(999)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("size exceeds the limit of 999 bytes")
    );
}

#[tokio::test]
async fn refusals_are_told_without_passwords() {
    let server = Server::start(|_: &Asked| answer(404, &[], "no")).await;
    let address = format!("http://me:word@{}/charts", server.address);
    let named = ChartRepository::new(&address, &Access::default(), false).unwrap();
    let error = named.fetch_index(10).await.unwrap_err().to_string();
    let expected = format!(
        "failed to fetch http://{}/charts/index.yaml : 404 Not Found",
        server.address
    );
    assert_eq!(error, expected);
    assert_eq!(
        server.authorizations(),
        [Some("Basic bWU6d29yZA==".to_owned())]
    );
    let error = named
        .fetch_chart("file:///etc/passwd", 10)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not supported"));
}
