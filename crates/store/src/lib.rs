//! The storage ports in SQLite, their migrations and the shared suite.
