//! Durability in SQLite: one writer task that commits what has arrived in one transaction.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use skein_object::Object;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::key::{Key, ResourceId};
use crate::state::State;
use crate::stored::Stored;

/// How many changes may wait for the database.
const QUEUE_CHANGES: usize = 1_024;
/// How many changes one transaction holds at most.
const BATCH_CHANGES: usize = 256;
/// How far every revision moves on when a file is opened that was not closed: watchers may have seen that many changes that were not
/// durable, and a revision that somebody has seen must never stand for another change.
const SKIPPED_REVISIONS: i64 = (QUEUE_CHANGES + BATCH_CHANGES) as i64;
/// Where the file says whether it is in use: `PRAGMA user_version`, 0 when it was closed.
const IN_USE: i64 = 1;

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS clusters (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS objects (cluster TEXT NOT NULL, resource TEXT NOT NULL, \
     namespace TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL, \
     PRIMARY KEY (cluster, resource, namespace, name)) STRICT, WITHOUT ROWID",
];

/// Why the database failed.
#[derive(Debug, Error)]
pub enum SqliteError {
    /// SQLite refused.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// A stored object is not readable.
    #[error("the stored object {key} is damaged: {source}")]
    Damaged {
        /// Cluster and key.
        key: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A write failed earlier, so nothing more is written.
    #[error("{0}")]
    Failed(String),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

/// A change to make durable.
pub(crate) struct Change {
    pub(crate) cluster: String,
    pub(crate) stored: Arc<Stored>,
    pub(crate) removed: bool,
}

/// The sending end of the queue; empty once the store is closed.
type Queue = Option<mpsc::Sender<(Change, Done)>>;

type Done = oneshot::Sender<Result<(), String>>;

/// The queue to the writer task. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sqlite {
    queue: Arc<Mutex<Queue>>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// A place in the queue, taken before the state is locked so that sending never waits.
pub(crate) struct Permit(mpsc::OwnedPermit<(Change, Done)>);

/// The answer of the writer task to one change.
pub(crate) struct Durable(oneshot::Receiver<Result<(), String>>);

impl Permit {
    pub(crate) fn send(self, change: Change) -> Durable {
        let (done, receiver) = oneshot::channel();
        self.0.send((change, done));
        Durable(receiver)
    }
}

impl Durable {
    pub(crate) async fn wait(self) -> Result<(), SqliteError> {
        match self.0.await {
            Ok(result) => result.map_err(SqliteError::Failed),
            Err(_) => Err(SqliteError::Closed),
        }
    }
}

impl Sqlite {
    /// Opens or makes the file and loads every cluster.
    pub(crate) async fn open(path: &Path) -> Result<(Self, Vec<(String, State)>), SqliteError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let mut connection = options.connect().await?;
        for statement in SCHEMA {
            sqlx::query(*statement).execute(&mut connection).await?;
        }
        skip_what_may_be_lost(&mut connection).await?;
        let loaded = load(&mut connection).await?;
        let (sender, receiver) = mpsc::channel(QUEUE_CHANGES);
        let task = tokio::spawn(write_changes(connection, receiver));
        let queue = Arc::new(Mutex::new(Some(sender)));
        Ok((
            Self {
                queue,
                task: Arc::new(Mutex::new(Some(task))),
            },
            loaded,
        ))
    }

    pub(crate) async fn reserve(&self) -> Result<Permit, SqliteError> {
        let sender = self.queue.lock().clone().ok_or(SqliteError::Closed)?;
        sender
            .reserve_owned()
            .await
            .map(Permit)
            .map_err(|_| SqliteError::Closed)
    }

    pub(crate) async fn close(&self) {
        self.queue.lock().take();
        let task = self.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the store's writer ended badly");
        }
    }
}

/// Moves the revisions on when the file was not closed, and marks it as in use.
async fn skip_what_may_be_lost(connection: &mut SqliteConnection) -> Result<(), SqliteError> {
    let mut transaction = connection.begin().await?;
    let row = sqlx::query("PRAGMA user_version").fetch_one(&mut *transaction);
    if row.await?.try_get::<i64, _>(0)? == IN_USE {
        sqlx::query("UPDATE clusters SET revision = revision + ?")
            .bind(SKIPPED_REVISIONS)
            .execute(&mut *transaction)
            .await?;
    }
    set_in_use(&mut transaction, IN_USE).await?;
    transaction.commit().await?;
    Ok(())
}

async fn set_in_use(connection: &mut SqliteConnection, mark: i64) -> Result<(), sqlx::Error> {
    // A pragma takes no parameters.
    let statement = match mark {
        IN_USE => "PRAGMA user_version = 1",
        _ => "PRAGMA user_version = 0",
    };
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}

async fn load(connection: &mut SqliteConnection) -> Result<Vec<(String, State)>, SqliteError> {
    let mut clusters = Vec::new();
    let rows = sqlx::query("SELECT name, revision FROM clusters").fetch_all(&mut *connection);
    for row in rows.await? {
        let name: String = row.try_get(0)?;
        let revision: i64 = row.try_get(1)?;
        let mut state = State::new(u64::try_from(revision).unwrap_or_default());
        let rows = sqlx::query(
            "SELECT resource, namespace, name, revision, value FROM objects WHERE cluster = ?",
        )
        .bind(&name)
        .fetch_all(&mut *connection);
        for row in rows.await? {
            state.load(decode(&name, &row)?);
        }
        clusters.push((name, state));
    }
    Ok(clusters)
}

fn decode(cluster: &str, row: &SqliteRow) -> Result<Stored, SqliteError> {
    let resource: String = row.try_get(0)?;
    let namespace: String = row.try_get(1)?;
    let name: String = row.try_get(2)?;
    let revision: i64 = row.try_get(3)?;
    let value: Vec<u8> = row.try_get(4)?;
    let key = Key::new(&ResourceId::parse(&resource), namespace, name);
    let object: Object = serde_json::from_slice(&value).map_err(|source| SqliteError::Damaged {
        key: format!("{cluster}/{key}"),
        source,
    })?;
    let revision = u64::try_from(revision).unwrap_or_default();
    Ok(Stored {
        key,
        revision,
        object,
        json: Bytes::from(value),
    })
}

async fn write_changes(
    mut connection: SqliteConnection,
    mut receiver: mpsc::Receiver<(Change, Done)>,
) {
    let mut failure: Option<String> = None;
    let mut batch = Vec::with_capacity(BATCH_CHANGES);
    while receiver.recv_many(&mut batch, BATCH_CHANGES).await > 0 {
        if failure.is_none()
            && let Err(error) = commit(&mut connection, &batch).await
        {
            tracing::error!(%error, "the store cannot be written; further writes are refused");
            failure = Some(error.to_string());
        }
        for (_, done) in batch.drain(..) {
            // The writer of a change may have gone away; the change stays.
            let _ = done.send(failure.clone().map_or(Ok(()), Err));
        }
    }
    if failure.is_none()
        && let Err(error) = set_in_use(&mut connection, 0).await
    {
        tracing::error!(%error, "the store could not be marked as closed");
    }
    if let Err(error) = connection.close().await {
        tracing::error!(%error, "the store could not be closed");
    }
}

async fn commit(
    connection: &mut SqliteConnection,
    batch: &[(Change, Done)],
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    for (change, _) in batch {
        let stored = &change.stored;
        let revision = i64::try_from(stored.revision).unwrap_or(i64::MAX);
        let query = if change.removed {
            sqlx::query(
                "DELETE FROM objects WHERE cluster = ? AND resource = ? AND namespace = ? AND name = ?",
            )
        } else {
            sqlx::query(
                "INSERT OR REPLACE INTO objects (cluster, resource, namespace, name, revision, value) \
                 VALUES (?, ?, ?, ?, ?, ?)",
            )
        };
        let query = query
            .bind(&change.cluster)
            .bind(stored.key.resource.as_str())
            .bind(&stored.key.namespace)
            .bind(&stored.key.name);
        let query = if change.removed {
            query
        } else {
            query.bind(revision).bind(stored.json.as_ref())
        };
        query.execute(&mut *transaction).await?;
        sqlx::query("INSERT OR REPLACE INTO clusters (name, revision) VALUES (?, ?)")
            .bind(&change.cluster)
            .bind(revision)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}
