//! `guichet audit`: verifies offline everything that is stored. Needs no running server, and trusts none.

use std::{collections::BTreeMap, path::Path, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use payments::{
    Payment,
    ports::PaymentStore,
    values::{InstitutionCode, PaymentId},
};
use sandbox::bank::{BooksBroken, MEMBERS, SandboxBank};
use server::{
    app::{Clock as _, SystemClock},
    bank_seal::BankSeal,
};
use store::SqliteStore;

use crate::{
    arguments::AuditArguments,
    data_dir::DataDir,
    serve::{Config, seal_of},
    story::Story,
};

/// Payments read at a time.
const PAGE: u32 = 500;

type Seals = BTreeMap<String, BankSeal>;

/// Audits a sandbox's data directory or a bank's store.
///
/// # Errors
///
/// If there is nothing that can be audited. Findings are no error: the exit status tells them.
pub(crate) async fn run(arguments: AuditArguments) -> anyhow::Result<ExitCode> {
    let teller = Story::new();
    let mut audit = Audit::default();
    match (arguments.data, arguments.config) {
        (Some(data), _) => {
            let data = DataDir::take_existing(&data)?;
            let store = SqliteStore::open(&data.store()).context("the store")?;
            audit.payments(&store, &sandbox_seals(&data.pki())?).await?;
            store.close();
            audit.books(&data.bank()).await?;
        }
        (None, Some(config)) => {
            let config = Config::read(&config)?;
            // Opening would make an empty one.
            anyhow::ensure!(
                config.store.path.is_file(),
                "there is no store at {}",
                config.store.path.display()
            );
            let store = SqliteStore::open(&config.store.path).context("the store")?;
            let read = |institution: &_| seal_of(institution);
            let seals: anyhow::Result<Vec<BankSeal>> = config.institutions.iter().map(read).collect();
            let codes = config.institutions.iter().map(|institution| institution.code.as_str().to_owned());
            audit.payments(&store, &codes.zip(seals?).collect()).await?;
            store.close();
        }
        (None, None) => anyhow::bail!("give --data or --config"),
    }
    Ok(audit.tell(&teller))
}

/// The seals of a sandbox's institutions.
fn sandbox_seals(pki: &Path) -> anyhow::Result<Seals> {
    let read = |code: &str| {
        let text = |extension: &str| {
            let path = pki.join(format!("seal-{code}.{extension}"));
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let seal = BankSeal::from_pem(&text("key")?, &text("pem")?)?;
        let seal = seal.with_earlier(&sandbox::pki::earlier_seals(pki, code)?)?;
        Ok((code.to_owned(), seal))
    };
    MEMBERS.iter().map(|member| read(member.code)).collect()
}

#[derive(Default)]
struct Audit {
    payments: u64,
    entries: u64,
    seals: u64,
    books: Option<String>,
    findings: Vec<String>,
}

impl Audit {
    async fn payments(&mut self, store: &SqliteStore, seals: &Seals) -> anyhow::Result<()> {
        let mut after: Option<PaymentId> = None;
        loop {
            let ids = store.ids_after(after.as_ref(), PAGE).await?;
            let Some(last) = ids.last().cloned() else {
                return Ok(());
            };
            for id in &ids {
                if let Err(finding) = self.payment(store, seals, id).await {
                    self.findings.push(format!("payment {id}: {finding:#}"));
                }
            }
            after = Some(last);
        }
    }

    /// The journal replays to what is stored, and what was approved is sealed, word for word.
    async fn payment(&mut self, store: &SqliteStore, seals: &Seals, id: &PaymentId) -> anyhow::Result<()> {
        self.payments += 1;
        let stored = store.load(id).await?.context("is listed and cannot be found")?;
        let journal = store.journal(id).await?;
        self.entries += u64::try_from(journal.len()).unwrap_or(u64::MAX);
        let replayed = Payment::replay(&journal).context("its journal is broken")?;
        anyhow::ensure!(replayed == stored, "its journal tells another story than what is stored");
        let seal = store.seal(id).await?;
        let Some(seal) = seal else {
            anyhow::ensure!(stored.state().authorisation().is_none(), "was approved without a seal");
            return Ok(());
        };
        self.seals += 1;
        let code: &InstitutionCode = &stored.registration().institution;
        let sealer = seals.get(code.as_str()).with_context(|| format!("no seal of institution {code}"))?;
        let statement = seal.open(sealer)?;
        let request = stored.request();
        let same = statement.payment == *id
            && statement.amount == request.amount
            && statement.creditor_account == request.beneficiary.creditor_account
            && statement.creditor_name == request.beneficiary.creditor.name;
        anyhow::ensure!(same, "its seal says something else than its request");
        if let Some(authorisation) = stored.state().authorisation() {
            anyhow::ensure!(authorisation.seal_sha256 == seal.sha256(), "names another seal than is stored");
        }
        Ok(())
    }

    async fn books(&mut self, path: &Path) -> anyhow::Result<()> {
        let bank =
            SandboxBank::open(path, Arc::new(|| SystemClock.now())).await.context("the pretend bank")?;
        match bank.check() {
            Ok(report) => {
                self.books = Some(format!(
                    "{} accounts, {} postings, {} holds, {} transfers settled, {} open",
                    report.accounts, report.postings, report.holds, report.settled, report.open
                ));
            }
            Err(BooksBroken::Findings(findings)) => {
                self.findings.extend(findings.into_iter().map(|finding| format!("books: {finding}")));
            }
            Err(BooksBroken::Store(error)) => return Err(error).context("the pretend bank's books"),
        }
        bank.close();
        Ok(())
    }

    fn tell(&self, story: &Story) -> ExitCode {
        story.entry("payments", &self.payments.to_string());
        story.entry("journal entries", &self.entries.to_string());
        story.entry("seals", &self.seals.to_string());
        if let Some(books) = &self.books {
            story.entry("books", books);
        }
        for finding in &self.findings {
            story.entry("FINDING", finding);
        }
        if self.findings.is_empty() {
            story.entry("result", "everything is in order");
            ExitCode::SUCCESS
        } else {
            story.entry("result", &format!("{} finding(s)", self.findings.len()));
            ExitCode::FAILURE
        }
    }
}
