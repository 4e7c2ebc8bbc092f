//! The keys of consent links and one-time codes: made on the first start, kept in a file of their own.

use std::{fs, io, os::unix::fs::MetadataExt as _, path::Path};

use anyhow::{Context as _, bail};
use payments::encoding::{hex, unhex};

use crate::{data_dir::write_whole, random};

/// Names of the keys in the file.
const LINK_KEY: &str = "link_key";
const CODE_KEY: &str = "code_key";

/// The keys.
pub(crate) struct Secrets {
    /// Of the nonces in consent links.
    pub(crate) link_key: [u8; 32],
    /// Of the one-time codes.
    pub(crate) code_key: [u8; 32],
}

impl Secrets {
    /// Reads the keys, or makes them if the file is not there. Several servers of one bank share the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written, can be read by others than its owner, or is damaged: new keys
    /// would end every link that is out, so nobody but the operator decides that.
    pub(crate) fn find_or_make(path: &Path) -> anyhow::Result<Self> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.mode() & 0o077 != 0 => {
                bail!("{} can be read by others than its owner: chmod 600 it", path.display())
            }
            Ok(_) => Self::read(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(path),
            Err(error) => Err(error).context(format!("cannot read {}", path.display())),
        }
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let find = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='))
                .and_then(|value| unhex(value.trim()))
                .with_context(|| format!("{} holds no {name} of 64 hexadecimal digits", path.display()))
        };
        Ok(Self { link_key: find(LINK_KEY)?, code_key: find(CODE_KEY)? })
    }

    fn make(path: &Path) -> anyhow::Result<Self> {
        let made = Self { link_key: random::bytes(), code_key: random::bytes() };
        let text = format!("{LINK_KEY} = {}\n{CODE_KEY} = {}\n", hex(&made.link_key), hex(&made.code_key));
        write_whole(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_and_found_again() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secrets");
        let made = Secrets::find_or_make(&path).unwrap();
        let found = Secrets::find_or_make(&path).unwrap();
        assert_eq!((made.link_key, made.code_key), (found.link_key, found.code_key));
        assert_ne!(made.link_key, made.code_key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn damaged_or_public_keys_are_refused_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secrets");
        Secrets::find_or_make(&path).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        for damaged in ["", &whole[..whole.len() - 2], &whole.replace("code_key", "code")] {
            fs::write(&path, damaged).unwrap();
            assert!(Secrets::find_or_make(&path).is_err(), "{damaged}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
        fs::write(&path, &whole).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Secrets::find_or_make(&path).err().unwrap().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }
}
