//! The test clock: the machine's time, moved by as much as a developer wants.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use server::app::{Clock, SystemClock};

/// The furthest the clock may be moved either way, in milliseconds: a hundred years.
const MAX_OFFSET_MS: i64 = 100 * 365 * 24 * 3_600 * 1_000;

/// A clock that can be moved. How far it is ahead survives a restart.
pub struct SandboxClock {
    system: SystemClock,
    offset_ms: AtomicI64,
    /// Held while the clock is moved, so that two moves do not mix.
    file: Mutex<PathBuf>,
}

/// Why the clock was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// A hundred years either way is all there is.
    #[error("the clock can be moved by at most a hundred years")]
    TooFar,
    /// How far it is ahead cannot be read or written.
    #[error("the clock's file {path} cannot be read or written: {source}")]
    File {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
}

impl SandboxClock {
    /// The clock whose offset is kept in the file at `path`; the machine's time if there is none yet.
    ///
    /// # Errors
    ///
    /// [`ClockError::File`] if the file is there and holds no number of milliseconds.
    pub fn open(path: &Path) -> Result<Self, ClockError> {
        let offset_ms = match fs::read_to_string(path) {
            Ok(text) => parse_offset(&text).map_err(|source| file_error(path, source))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(source) => return Err(file_error(path, source)),
        };
        Ok(Self { system: SystemClock, offset_ms: offset_ms.into(), file: Mutex::new(path.to_owned()) })
    }

    /// How far the clock is ahead of the machine's.
    pub fn offset(&self) -> SignedDuration {
        SignedDuration::from_millis(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Moves the clock forward, or back if `by` is negative; gives the new time.
    ///
    /// # Errors
    ///
    /// [`ClockError`]; the clock then stays as it was.
    pub fn advance(&self, by: SignedDuration) -> Result<Timestamp, ClockError> {
        self.change(|offset_ms| {
            let by_ms = i64::try_from(by.as_millis()).ok()?;
            offset_ms.checked_add(by_ms)
        })
    }

    /// Sets the clock, which then runs on from `now`; gives the new time.
    ///
    /// # Errors
    ///
    /// [`ClockError`]; the clock then stays as it was.
    pub fn set(&self, now: Timestamp) -> Result<Timestamp, ClockError> {
        let ahead = now.duration_since(self.system.now());
        self.change(|_| i64::try_from(ahead.as_millis()).ok())
    }

    fn change(&self, new: impl FnOnce(i64) -> Option<i64>) -> Result<Timestamp, ClockError> {
        let path = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let offset_ms = new(self.offset_ms.load(Ordering::Relaxed))
            .filter(|offset_ms| offset_ms.abs() <= MAX_OFFSET_MS)
            .ok_or(ClockError::TooFar)?;
        write(&path, offset_ms).map_err(|source| file_error(&path, source))?;
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
        Ok(self.now())
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        let now = self.system.now();
        now.checked_add(self.offset()).unwrap_or(now)
    }
}

fn parse_offset(text: &str) -> io::Result<i64> {
    text.trim()
        .parse()
        .ok()
        .filter(|offset_ms: &i64| offset_ms.unsigned_abs() <= MAX_OFFSET_MS.unsigned_abs())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a number of milliseconds"))
}

fn write(path: &Path, offset_ms: i64) -> io::Result<()> {
    let unfinished = path.with_added_extension("tmp");
    let mut file = File::create(&unfinished)?;
    writeln!(file, "{offset_ms}")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

fn file_error(path: &Path, source: io::Error) -> ClockError {
    ClockError::File { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    #[test]
    fn a_moved_clock_stays_moved_after_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("clock");
        let clock = SandboxClock::open(&path).unwrap();
        assert_eq!(clock.offset(), SignedDuration::ZERO);
        let before = clock.now();
        assert!(clock.advance(HOUR).unwrap() >= before + HOUR);
        assert_eq!(SandboxClock::open(&path).unwrap().offset(), HOUR);
        clock.advance(-HOUR).unwrap();
        assert_eq!(SandboxClock::open(&path).unwrap().offset(), SignedDuration::ZERO);
    }

    #[test]
    fn a_clock_that_was_set_runs_on_from_there() {
        let home = tempfile::tempdir().unwrap();
        let clock = SandboxClock::open(&home.path().join("clock")).unwrap();
        let noon: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        // To the millisecond: the machine's clock ticks between two questions.
        let now = clock.set(noon).unwrap();
        assert!(now.duration_since(noon).abs() < SignedDuration::from_mins(1), "{now}");
    }

    #[test]
    fn a_clock_moves_within_a_hundred_years() {
        let home = tempfile::tempdir().unwrap();
        let clock = SandboxClock::open(&home.path().join("clock")).unwrap();
        for by in [SignedDuration::MAX, SignedDuration::MIN, SignedDuration::from_hours(101 * 365 * 24)] {
            assert!(matches!(clock.advance(by), Err(ClockError::TooFar)), "{by}");
        }
        assert!(matches!(clock.set(Timestamp::MIN), Err(ClockError::TooFar)));
        assert_eq!(clock.offset(), SignedDuration::ZERO);
    }

    #[test]
    fn a_damaged_file_is_told_and_not_replaced() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("clock");
        for damaged in ["", "x", "1.5", "99999999999999999999"] {
            fs::write(&path, damaged).unwrap();
            assert!(SandboxClock::open(&path).is_err(), "{damaged}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
    }
}
