//! Lists and a deny list in a directory.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use eidas::revocation::{
    Crl, DenyList, InvalidCrl, InvalidDenyList, Issuer, MAX_DENY_LIST_BYTES, UnverifiedCrl,
};

use crate::caller::sha256;

/// Name of the deny list.
const DENY_LIST: &str = "deny.txt";
/// Largest list read, in bytes.
const MAX_LIST_BYTES: usize = 64 * 1024 * 1024;
/// Files of a directory at most.
const MAX_FILES: usize = 256;

/// What the files say about revocation.
#[derive(Default)]
pub struct Sources {
    deny_list: DenyList,
    lists: Vec<FileList>,
    /// The files as they were when they were read.
    files: Files,
}

type Files = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// A list from a file. Whether its issuer signed it is found out once the issuer is known.
struct FileList {
    path: PathBuf,
    crl: UnverifiedCrl,
    verified: Mutex<HashMap<[u8; 32], Option<Arc<Crl>>>>,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSource {
    /// It, or a file in it, cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that nobody would look for there: it may be a deny list with a wrong name.
    #[error("{}: only deny.txt, *.crl and *.pem are read here", path.display())]
    UnknownFile {
        /// Which.
        path: PathBuf,
    },
    /// Too many files.
    #[error("{}: there are more than 256 files", path.display())]
    TooManyFiles {
        /// Which directory.
        path: PathBuf,
    },
    /// The deny list.
    #[error("{}: {why}", path.display())]
    DenyList {
        /// Which.
        path: PathBuf,
        /// Why.
        why: InvalidDenyList,
    },
    /// It is not text.
    #[error("{}: the deny list is not UTF-8", path.display())]
    NotText {
        /// Which.
        path: PathBuf,
    },
    /// A list.
    #[error("{}: {why}", path.display())]
    Crl {
        /// Which.
        path: PathBuf,
        /// Why.
        why: InvalidCrl,
    },
    /// A list is older than the one that is in force.
    #[error("{}: the CRL is older than the one of the same issuer that is in force (RFC 5280, 5.2.3)", path.display())]
    Older {
        /// Which.
        path: PathBuf,
    },
}

/// Reads a directory: `deny.txt` ([`DenyList`]) and lists in DER or PEM, one in each `*.crl` or `*.pem`.
/// Hidden files do not count.
///
/// # Errors
///
/// [`InvalidSource`], naming the file: half of what a bank wants refused is not enough.
pub fn load_directory(directory: &Path) -> Result<Sources, InvalidSource> {
    let files = files_of(directory)?;
    let mut sources = Sources::default();
    for path in files.keys() {
        sources.read(path)?;
    }
    sources.files = files;
    Ok(sources)
}

impl Sources {
    /// A deny list alone.
    pub fn denying(deny_list: DenyList) -> Self {
        Self { deny_list, ..Self::default() }
    }

    /// The bank's deny list.
    pub fn deny_list(&self) -> &DenyList {
        &self.deny_list
    }

    /// How many lists there are.
    pub fn lists(&self) -> usize {
        self.lists.len()
    }

    fn read(&mut self, path: &Path) -> Result<(), InvalidSource> {
        let path = path.to_owned();
        if path.file_name().is_some_and(|name| name == DENY_LIST) {
            let text = String::from_utf8(bytes(&path, MAX_DENY_LIST_BYTES)?);
            let Ok(text) = text else {
                return Err(InvalidSource::NotText { path });
            };
            self.deny_list = DenyList::parse(&text).map_err(|why| InvalidSource::DenyList { path, why })?;
        } else if path.extension().is_some_and(|extension| extension == "crl" || extension == "pem") {
            let crl = UnverifiedCrl::parse(&bytes(&path, MAX_LIST_BYTES)?, MAX_LIST_BYTES);
            let crl = crl.map_err(|why| InvalidSource::Crl { path: path.clone(), why })?;
            self.lists.push(FileList { path, crl, verified: Mutex::default() });
        } else {
            return Err(InvalidSource::UnknownFile { path });
        }
        Ok(())
    }

    /// The lists that this issuer has signed.
    pub(super) fn lists_of(&self, issuer: &Issuer) -> Vec<Arc<Crl>> {
        self.lists.iter().filter_map(|list| list.of(issuer)).collect()
    }

    /// Whether none of the lists is older than one of `earlier` for which it would speak (RFC 5280, 5.2.3).
    pub(super) fn may_follow(&self, earlier: &Self) -> Result<(), InvalidSource> {
        for list in &self.lists {
            if earlier.lists.iter().any(|held| list.crl.would_roll_back(&held.crl)) {
                return Err(InvalidSource::Older { path: list.path.clone() });
            }
        }
        Ok(())
    }

    /// Whether the files of the directory are the ones that were read.
    pub(super) fn is_of_now(&self, directory: &Path) -> bool {
        files_of(directory).is_ok_and(|files| files == self.files)
    }
}

impl FileList {
    fn of(&self, issuer: &Issuer) -> Option<Arc<Crl>> {
        if self.crl.issuer() != issuer.subject() {
            return None;
        }
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let known = verified.entry(sha256(issuer.der())).or_insert_with(|| match self.crl.verify(issuer) {
            Ok(crl) => Some(crl),
            Err(error) => {
                tracing::error!(path = %self.path.display(), %error, "a revocation list cannot be used");
                None
            }
        });
        known.clone()
    }
}

/// The files of a directory, each with its length and when it was changed.
fn files_of(directory: &Path) -> Result<Files, InvalidSource> {
    let io = |source| InvalidSource::Io { path: directory.to_owned(), source };
    let mut files = Files::new();
    for entry in fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if is_hidden {
            continue;
        }
        // The target of a link: a directory that is replaced whole is full of them.
        let about = fs::metadata(&path).map_err(|source| InvalidSource::Io { path: path.clone(), source })?;
        if about.is_dir() {
            continue;
        }
        files.insert(path, (about.len(), about.modified().ok()));
        if files.len() > MAX_FILES {
            return Err(InvalidSource::TooManyFiles { path: directory.to_owned() });
        }
    }
    Ok(files)
}

/// The bytes of a file; one more than `max` of a longer one.
fn bytes(path: &Path, max: usize) -> Result<Vec<u8>, InvalidSource> {
    let io = |source| InvalidSource::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(io)?.take(limit).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}
