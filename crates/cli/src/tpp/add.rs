//! `guichet tpp add`: registers a TPP whose certificates an operator was given.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;
use eidas::{Certificate, Judged, Kind as CertificateKind, OrganizationIdentifier, Reading};
use jiff::Timestamp;
use payments::{
    institution::{CertificateReading, SignaturePolicy},
    licence::Licence,
    ports::{TppStore as _, TppWrite},
    tpp::{Details, GrantType, Kind, RedirectUri, Registrar, SealCertificate, Tpp},
    values::{Name, TppId},
};
use rustls::pki_types::CertificateDer;
use server::trust::Trust;
use store::SqliteStore;

use super::{client_id, worded, write};
use crate::{
    cert,
    kept::{self, KeptArguments},
    plain::{plain, say},
};

/// `guichet tpp add`.
#[derive(Debug, Args)]
#[command(
    after_help = "A certificate that the server would refuse is refused here, too, unless --even-so is \
                        given. Exit status: 0 registered, 1 refused or failed, 64 the command line was not \
                        understood."
)]
pub(super) struct AddArguments {
    #[command(flatten)]
    kept: KeptArguments,
    /// Its client id; without it, its organizationIdentifier
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client_id: Option<TppId>,
    /// organizationIdentifier of its certificates, PSDFR-ACPR-12345; without it, taken from the first one
    #[arg(long, value_name = "OID", value_parser = organization_identifier)]
    organization_identifier: Option<String>,
    /// Its name, shown to customers
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: String,
    /// Where it may send customers back to, https; may be given several times
    #[arg(long = "redirect-uri", value_name = "URL", required = true, value_parser = redirect_uri)]
    redirect_uris: Vec<RedirectUri>,
    /// Seal certificate (QSealC), PEM or DER; may be given several times
    #[arg(long = "seal-certificate", value_name = "FILE", required = true)]
    seal_certificates: Vec<PathBuf>,
    /// What it may have tokens for.
    #[arg(
        long = "grant",
        value_name = "GRANT",
        default_values = ["client_credentials", "authorization_code"],
        value_parser = worded::<GrantType>,
        help = "client_credentials (to pay), authorization_code (to confirm) or refresh_token; may be given \
                several times"
    )]
    grants: Vec<GrantType>,
    /// What its signatures must cover: lenient, standard or strict; without it, what the institution asks
    #[arg(long, value_name = "POLICY", value_parser = worded::<SignaturePolicy>)]
    signature_policy: Option<SignaturePolicy>,
    /// How its certificates are read: strict or lenient
    #[arg(long, value_name = "READING", default_value = "strict", value_parser = worded::<CertificateReading>)]
    reading: CertificateReading,
    /// Put this in the place of a registration that is there already; a suspension stays
    #[arg(long)]
    replace: bool,
    /// Register it although something stands against it
    #[arg(long)]
    even_so: bool,
}

fn organization_identifier(text: &str) -> Result<String, String> {
    let parsed = OrganizationIdentifier::parse(text).map_err(|error| error.to_string())?;
    Ok(parsed.as_str().to_owned())
}

/// A name that customers will see: printable, and none that hides what it says.
fn name(text: &str) -> Result<String, String> {
    let parsed = Name::parse(text.trim()).map_err(|error| error.to_string())?;
    if plain(parsed.as_str()) != parsed.as_str() {
        return Err("must not contain invisible characters".to_owned());
    }
    Ok(parsed.as_str().to_owned())
}

fn redirect_uri(text: &str) -> Result<RedirectUri, String> {
    RedirectUri::parse(text).map_err(|error| error.to_string())
}

/// A seal certificate that was given, and what the server would make of it.
struct Given {
    file: String,
    certificate: Certificate,
    chain: Vec<CertificateDer<'static>>,
    judged: Result<Judged, String>,
}

/// Registers a TPP.
///
/// # Errors
///
/// What stands against it, all of it.
pub(super) async fn run(arguments: &AddArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let trust = arguments.kept.trust(&store).await?;
    let given = arguments.seal_certificates.iter().map(|file| given(file, &trust, arguments.reading, now));
    let given = given.collect::<anyhow::Result<Vec<Given>>>()?;
    let tpp = arguments.registration(&given, now)?;
    let objections = arguments.objections(&store, &tpp, &given).await?;
    for objection in &objections {
        eprintln!("  {objection}");
    }
    if !objections.is_empty() && !arguments.even_so {
        bail!("{} was not registered, for the above; --even-so registers it nevertheless", tpp.id);
    }
    arguments.register(&store, tpp, now).await?;
    store.close();
    Ok(ExitCode::SUCCESS)
}

fn given(file: &Path, trust: &Trust, reading: CertificateReading, now: Timestamp) -> anyhow::Result<Given> {
    let named = || format!("in {}", file.display());
    let bytes = cert::read_file(file)?;
    let certificate = cert::first_of(&bytes).with_context(named)?;
    let reading = match reading {
        CertificateReading::Strict => Reading::Strict,
        CertificateReading::Lenient => Reading::Lenient,
    };
    let chain: Vec<_> = cert::ders_of(&bytes).into_iter().skip(1).take(SealCertificate::MAX_CHAIN).collect();
    let path = trust.anchors(CertificateKind::Qseal).verify_chain(&certificate, &chain, now);
    let judged = eidas::judge(&certificate, CertificateKind::Qseal, reading, now);
    let judged = match (path, judged) {
        (_, Err(defect)) => Err(defect.to_string()),
        (Err(untrusted), Ok(_)) => Err(untrusted.to_string()),
        (Ok(()), Ok(judged)) => Ok(judged),
    };
    Ok(Given { file: file.display().to_string(), certificate, chain, judged })
}

impl Given {
    fn organization(&self) -> Option<String> {
        match &self.judged {
            Ok(judged) => Some(judged.organization().as_str().to_owned()),
            Err(_) => Some(self.certificate.organization_identifier()?.ok()?.as_str().to_owned()),
        }
    }
}

impl AddArguments {
    fn registration(&self, given: &[Given], now: Timestamp) -> anyhow::Result<Tpp> {
        let stated = self.organization_identifier.clone();
        let organization_identifier = stated
            .or_else(|| given.first().and_then(Given::organization))
            .context("the certificate names no provider: give --organization-identifier")?;
        let id = match &self.client_id {
            Some(id) => id.clone(),
            None => TppId::parse(&organization_identifier)?,
        };
        let seal = |given: &Given| {
            let chain = given.chain.iter().map(|der| der.to_vec());
            SealCertificate::new(None, given.certificate.der().to_vec(), chain)
        };
        Ok(Tpp {
            id,
            organization_identifier,
            name: self.name.clone(),
            kind: Kind::Tpp,
            licence: Licence::Active,
            suspension: None,
            scope_pisp: true,
            grant_types: self.grants.clone(),
            redirect_uris: self.redirect_uris.clone(),
            seal_certificates: given.iter().map(seal).collect(),
            signature_policy: self.signature_policy,
            details: Details::default(),
            created_at: now,
        })
    }

    /// Everything that stands against it.
    async fn objections(
        &self,
        store: &SqliteStore,
        tpp: &Tpp,
        given: &[Given],
    ) -> anyhow::Result<Vec<String>> {
        let mut objections = Vec::new();
        for Given { file, judged, .. } in given {
            match judged {
                Err(rule) => objections.push(format!("{file}: {rule} (guichet cert explain {file})")),
                Ok(judged) if judged.organization().as_str() != tpp.organization_identifier => {
                    let other = judged.organization().as_str();
                    objections.push(format!("{file}: it is of {other}, not {}", tpp.organization_identifier));
                }
                Ok(_) => {}
            }
        }
        let plain_http = |uri: &&RedirectUri| uri.as_str().starts_with("http:") && !self.kept.is_sandbox();
        for uri in self.redirect_uris.iter().filter(plain_http) {
            objections.push(format!("{}: redirect URIs must be https", plain(uri.as_str())));
        }
        for other in store.tpps_named(&tpp.name).await? {
            if other.organization_identifier != tpp.organization_identifier {
                let id = &other.id;
                objections.push(format!("{id} goes by the same name: customers could not tell them apart"));
            }
        }
        Ok(objections)
    }

    async fn register(&self, store: &SqliteStore, tpp: Tpp, now: Timestamp) -> anyhow::Result<()> {
        let before = store.find_tpp(&tpp.id).await?;
        let (verb, tpp) = match &before {
            Some(before) if self.replace => {
                let (created_at, details) = (before.created_at, before.details.clone());
                let (kind, suspension) = (before.kind.clone(), before.suspension.clone());
                ("replaced", Tpp { created_at, details, kind, suspension, ..tpp })
            }
            Some(_) => bail!("{} is registered already: give --replace, or another --client-id", tpp.id),
            None => ("registered", tpp),
        };
        let (id, name) = (tpp.id.clone(), plain(&tpp.name));
        let is_suspended = tpp.suspension.is_some();
        let change = TppWrite::put(before, tpp, Registrar::Operator, now).by(kept::operator());
        write(store, change).await?;
        say(&format!("{verb} {id} ({name})"));
        if is_suspended {
            say(&format!("  it stays suspended: guichet tpp resume {id}"));
        }
        if let Some(registrar) = self.kept.registrar_of(&id)? {
            say(&format!("  {registrar} puts its own version in place at the next start"));
        }
        Ok(())
    }
}
