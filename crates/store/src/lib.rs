//! The storage ports in SQLite, their migrations and the shared suite.
//!
//! | Room | What it is for |
//! | --- | --- |
//! | [`sqlite::Database`] | one SQLite file: a writer that commits in groups, readers beside it |
//! | [`SqliteStore`] | every storage port of `payments` on such a file |
//! | `suite` | what every store must do, run by the tests of each |

pub mod sqlite;
#[cfg(any(test, feature = "suite"))]
pub mod suite;

pub use sqlite::{Database, SqliteStore};
