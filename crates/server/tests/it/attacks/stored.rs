//! Everything that is kept, to be compared.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use server::app::Clock as _;

use crate::harness::Guichet;

/// What authorities said of revocation is kept when it is heard, whoever calls meanwhile.
const HEARSAY: &str = "revoked_certificates";

/// Every row of every table of the store that callers can have a hand in.
#[derive(PartialEq, Eq)]
pub(super) struct Stored(BTreeMap<String, Vec<String>>);

impl Stored {
    /// What the store holds now, as another process would read it.
    pub(super) fn read(guichet: &Guichet) -> Self {
        let path = guichet.home.path().join("store.db");
        let store = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut names = store.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
        let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let names = names.map(Result::unwrap).filter(|name| name != HEARSAY);
        let tables = names.map(|name| {
            let rows = rows(&store, &name);
            (name, rows)
        });
        Self(tables.collect())
    }

    /// Checks that the store still holds exactly this.
    pub(super) fn check_unchanged(&self, guichet: &Guichet, what: &str) {
        let now = Self::read(guichet);
        for (table, rows) in &now.0 {
            let before = &self.0[table];
            assert!(rows == before, "{what}: {table} was {before:#?} and is {rows:#?}");
        }
    }
}

/// Waits until the server's own upkeep has done all that an advanced clock made due, so that what changes
/// afterwards is a caller's doing.
pub(super) async fn at_rest(guichet: &Guichet) {
    let path = guichet.home.path().join("store.db");
    let store = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT (SELECT count(*) FROM work WHERE due <= ?1)
                    + (SELECT count(*) FROM tokens WHERE expires_at <= ?1)
                    + (SELECT count(*) FROM request_ids WHERE at <= ?2)
                    + (SELECT count(*) FROM request_contents WHERE at <= ?2)";
    loop {
        guichet.app.bell.ring();
        let now = guichet.clock.now().as_microsecond();
        let day_us = 24 * 60 * 60 * 1_000_000;
        let due: i64 = store.query_row(sql, [now, now - day_us], |row| row.get(0)).unwrap();
        if due == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn rows(store: &Connection, table: &str) -> Vec<String> {
    let mut all = store.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
    let columns = all.column_count();
    let read = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|column| match row.get_ref(column).unwrap() {
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        });
        Ok(values.collect::<Vec<_>>().join(" | "))
    };
    all.query_map([], read).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn what_is_compared_is_everything() {
    let guichet = Guichet::start().await;
    let before = Stored::read(&guichet);
    assert!(before.0.values().any(|rows| rows.iter().any(|row| row.contains("PSDFR-ACPR-12345"))));
    let pisp = guichet.pisp(crate::harness::PISP);
    pisp.token().await;
    let with_token = Stored::read(&guichet);
    assert!(before != with_token, "a token is seen");
    pisp.token().await;
    assert!(with_token != Stored::read(&guichet), "and the next one");
}
