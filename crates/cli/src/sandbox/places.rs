//! Where a running sandbox is reached: written down for `guichet pay --sandbox` and for other programs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::data_dir::write_whole;

/// Addresses and files of a sandbox. File names are relative to the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    /// Health, metrics, test clock, pretend phones.
    pub(crate) operator_url: Url,
    /// The demo shop, if it runs.
    pub(crate) shop_url: Option<Url>,
    /// The institutions.
    pub(crate) banks: Vec<BankPlace>,
    /// Authority of the server certificate.
    pub(crate) tls_ca: PathBuf,
    /// The TPP that may do everything.
    pub(crate) tpp: TppPlace,
}

/// Where an institution is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BankPlace {
    /// Its code.
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: String,
    /// Its API.
    pub(crate) tpp_url: Url,
    /// Its customers' pages.
    pub(crate) psu_url: Url,
}

/// A TPP's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TppPlace {
    /// Its client id.
    pub(crate) client_id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its QWAC.
    pub(crate) qwac: PathBuf,
    /// The key of that.
    pub(crate) qwac_key: PathBuf,
    /// Its QSealC.
    pub(crate) qseal: PathBuf,
    /// The key of that.
    pub(crate) qseal_key: PathBuf,
}

impl TppPlace {
    /// The files of the TPP with this client id.
    pub(crate) fn of(client_id: &str, name: &str) -> Self {
        let file = |name: &str| Path::new("pki/tpp").join(client_id).join(name);
        Self {
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            qwac: file("qwac.pem"),
            qwac_key: file("qwac.key"),
            qseal: file("qseal.pem"),
            qseal_key: file("qseal.key"),
        }
    }
}

impl Places {
    /// The institution with this code.
    pub(crate) fn bank(&self, code: &str) -> Option<&BankPlace> {
        self.banks.iter().find(|bank| bank.code == code)
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(crate) fn write(&self, data: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("addresses are text")?;
        write_whole(&file(data), &(text + "\n")).context("cannot write sandbox.json")
    }

    /// Reads the file of a sandbox.
    ///
    /// # Errors
    ///
    /// If there is none that can be read.
    pub(crate) fn read(data: &Path) -> anyhow::Result<Self> {
        let path = file(data);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("no sandbox has run in {}: start one with `guichet sandbox --data {0}`", data.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} cannot be read", path.display()))
    }
}

fn file(data: &Path) -> PathBuf {
    data.join("sandbox.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_down_is_found() {
        let home = tempfile::tempdir().unwrap();
        let refused = Places::read(home.path()).unwrap_err().to_string();
        assert!(refused.contains("no sandbox has run"), "{refused}");
        let places = Places {
            operator_url: "http://localhost:9090".parse().unwrap(),
            shop_url: None,
            banks: vec![BankPlace {
                code: "17515".to_owned(),
                name: "Caisse".to_owned(),
                tpp_url: "https://a.localhost:8443".parse().unwrap(),
                psu_url: "http://a.localhost:8080".parse().unwrap(),
            }],
            tls_ca: "pki/tls-ca.pem".into(),
            tpp: TppPlace::of("PSDFR-ACPR-12345", "Essai"),
        };
        places.write(home.path()).unwrap();
        assert_eq!(Places::read(home.path()).unwrap(), places);
    }
}
