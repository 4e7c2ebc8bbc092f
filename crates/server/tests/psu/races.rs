//! Double clicks, two tabs, two visits: one decision each.

use payments::work::Task;

use crate::town::{CAMILLE, FIRST, SECOND, Town};

/// Runs two futures side by side.
async fn both<A, B>(first: A, second: B) -> (A::Output, B::Output)
where
    A: Future<Output: Send> + Send + 'static,
    B: Future<Output: Send> + Send + 'static,
{
    let (first, second) = (tokio::spawn(first), tokio::spawn(second));
    (first.await.unwrap(), second.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_approves_once_and_both_clicks_see_it() {
    let town = Town::new().await;
    for _ in 0..10 {
        let (payment, browser) = town.at_the_code().await;
        let code = town.code(CAMILLE);
        let click = |mut browser: crate::browser::Browser, code: String| async move {
            browser.submit("/psu/authenticate", &[("code", &code)]).await
        };
        let (first, second) = both(click(browser.clone(), code.clone()), click(browser, code)).await;
        assert!(first.says("id=\"approved\"") && second.says("id=\"approved\""));
        let events = town.events(&payment).await;
        assert_eq!(events.iter().filter(|event| *event == "authorise").count(), 1);
    }
    assert_eq!(town.tasks().await, [Task::Execute; 10]);
    assert_eq!(town.available(CAMILLE, FIRST).await, 250_000 - 10 * 12_435);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_approval_and_a_refusal_at_once_one_counts_and_both_see_which() {
    let town = Town::new().await;
    for _ in 0..10 {
        let (payment, browser) = town.at_the_code().await;
        let code = town.code(CAMILLE);
        let (mut approving, mut refusing) = (browser.clone(), browser);
        let (approved, refused) = both(
            async move { approving.submit("/psu/authenticate", &[("code", &code)]).await },
            async move { refusing.submit("/psu/refuse", &[]).await },
        )
        .await;
        let paid = town.status(&payment).await == "ACSP";
        assert!(paid || town.status(&payment).await == "RJCT CUST");
        for page in [approved, refused] {
            assert_eq!(page.says("id=\"approved\""), paid, "{}", page.body);
        }
        assert_eq!(town.seal(&payment).await.is_some(), paid);
    }
}

#[tokio::test]
async fn a_tab_can_approve_only_what_it_shows() {
    let town = Town::new().await;
    let (payment, mut browser) = town.signed_in(CAMILLE, |_| {}).await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    let mut first_tab = browser.clone();
    browser.submit("/psu/account/again", &[]).await;
    browser.submit("/psu/account", &[("account", SECOND)]).await;
    // The first tab still shows the first account.
    let page = first_tab.submit("/psu/review", &[]).await;
    assert_eq!(page.name(), "/psu/review");
    assert!(page.says("Something has changed") && page.says("id=\"debtor-account\">7584<"));
    assert_eq!(town.codes(CAMILLE), 0);
    first_tab.submit("/psu/review", &[]).await;
    first_tab.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    let approved = town.payment(&payment).await;
    assert_eq!(approved.state().authorisation().unwrap().debtor.account.as_str(), SECOND);
}

#[tokio::test]
async fn of_two_visits_with_two_accounts_the_first_to_approve_pays() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let mut visits = Vec::new();
    for account in [FIRST, SECOND] {
        let mut browser = town.browser();
        browser.open(&link).await;
        browser.sign_in(CAMILLE, "sandbox").await;
        browser.submit("/psu/account", &[("account", account)]).await;
        browser.submit("/psu/review", &[]).await;
        visits.push((browser, town.code(CAMILLE)));
    }
    // The second visit has moved the payment to its account: the first is to read again.
    let (mut first, code) = visits.remove(0);
    let page = first.submit("/psu/authenticate", &[("code", &code)]).await;
    assert!(page.name() == "/psu/review" && page.says("Something has changed"));
    let (mut second, code) = visits.remove(0);
    assert!(second.submit("/psu/authenticate", &[("code", &code)]).await.says("id=\"approved\""));
    assert_eq!(first.submit("/psu/review", &[]).await.name(), "/psu/outcome");
    assert_eq!(town.available(CAMILLE, FIRST).await, 250_000);
    assert_eq!(town.available(CAMILLE, SECOND).await, 31_020 - 12_435);
    assert_eq!(town.status(&payment).await, "ACSP");
}

#[tokio::test]
async fn money_moves_from_the_account_that_was_approved_wherever_it_was_set_aside() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let (mut first, mut second) = (town.browser(), town.browser());
    for browser in [&mut first, &mut second] {
        browser.open(&link).await;
        browser.sign_in(CAMILLE, "sandbox").await;
    }
    first.submit("/psu/account", &[("account", FIRST)]).await;
    first.submit("/psu/review", &[]).await;
    let code = town.code(CAMILLE);
    // While the bank sets money aside for the first visit, the second approves with another account.
    let bank = std::sync::Arc::clone(&town.bank);
    town.bank.meddle(async move {
        second.submit("/psu/account", &[("account", SECOND)]).await;
        second.submit("/psu/review", &[]).await;
        let code = bank.code(CAMILLE);
        second.submit("/psu/authenticate", &[("code", &code)]).await;
    });
    let page = first.submit("/psu/authenticate", &[("code", &code)]).await;
    assert_eq!(page.name(), "/psu/outcome");
    let stored = town.payment(&payment).await;
    assert_eq!(stored.state().authorisation().unwrap().debtor.account.as_str(), SECOND);
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!(town.available(CAMILLE, FIRST).await, 250_000);
    assert_eq!(town.available(CAMILLE, SECOND).await, 31_020 - 12_435);
    let books = town.audit();
    assert_eq!((books.holds, books.settled), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_once_count_one_by_one() {
    let town = Town::new().await;
    let (payment, browser) = town.at_the_code().await;
    let right = town.code(CAMILLE);
    let guesses = (0..12).map(|guess| format!("{guess:06}")).filter(|guess| *guess != right);
    let tasks: Vec<_> = guesses
        .map(|guess| {
            let mut browser = browser.clone();
            tokio::spawn(async move { browser.post_form("/psu/authenticate", &[("code", &guess)]).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let events = town.events(&payment).await;
    let failures = events.iter().filter(|event| *event == "fail authentication").count();
    assert!(failures <= 5, "{events:?}");
    assert!(town.seal(&payment).await.is_none());
}
