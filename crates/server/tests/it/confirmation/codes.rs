//! Authorisation codes: what is exchanged for a token, once.

use super::*;

#[tokio::test]
async fn a_code_is_exchanged_with_everything_it_was_given_for_and_a_wrong_try_spends_nothing() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (_, mut browser) = approved(&guichet, &pisp, "PI-1").await;
    let code = parameter(&sent_back(&mut browser).await, "code");
    let wrong_verifier = VERIFIER.replace('d', "e");
    let table: [(&[(&str, &str)], &str); 12] = [
        (&[("code", "")], "invalid_request"),
        (&[("redirect_uri", "")], "invalid_request"),
        (&[("client_id", "")], "invalid_request"),
        (&[("scope", "aisp")], "invalid_scope"),
        (&[("code", "unknown")], "invalid_grant"),
        (&[("code_verifier", "")], "invalid_grant"),
        (&[("code_verifier", &wrong_verifier)], "invalid_grant"),
        (&[("code_verifier", CHALLENGE)], "invalid_grant"),
        (&[("redirect_uri", "https://tpp.example/oauth/")], "invalid_grant"),
        (&[("redirect_uri", "https://tpp.example/cb")], "invalid_grant"),
        (&[("redirect_uri", "x")], "invalid_grant"),
        (&[("grant_type", "refresh_token")], "unsupported_grant_type"),
    ];
    for (changed, error) in table {
        check_no_token(&pisp.ask_token(HOST, &form(&code, changed)).await, 400, error);
    }
    check_no_token(&pisp.ask_token(OTHER_HOST, &form(&code, &[])).await, 400, "invalid_grant");
    let doubled = format!("{}&code=other", form(&code, &[]));
    check_no_token(&pisp.ask_token(HOST, &doubled).await, 400, "invalid_request");

    // Another client, even a licensed one, and even in our name.
    let thief = guichet.pisp(OTHER_PISP);
    let own = thief.ask_token(HOST, &form(&code, &[("client_id", OTHER_PISP)])).await;
    check_no_token(&own, 400, "invalid_grant");
    let unknown = thief.ask_token(HOST, &form("unknown", &[("client_id", OTHER_PISP)])).await;
    assert_eq!(own.text(), unknown.text(), "nobody learns that there is such a code");
    check_no_token(&thief.ask_token(HOST, &form(&code, &[])).await, 401, "invalid_client");

    guichet.change_tpp(PISP, |tpp| tpp.grant_types = vec![GrantType::ClientCredentials]).await;
    check_no_token(&pisp.ask_token(HOST, &form(&code, &[])).await, 400, "unauthorized_client");
    let both = vec![GrantType::ClientCredentials, GrantType::AuthorizationCode];
    guichet.change_tpp(PISP, |tpp| tpp.grant_types = both).await;
    guichet.change_tpp(PISP, |tpp| tpp.licence = Licence::Suspended).await;
    check_no_token(&pisp.ask_token(HOST, &form(&code, &[])).await, 400, "unauthorized_client");
    guichet.change_tpp(PISP, |tpp| tpp.licence = Licence::Active).await;

    exchange(&pisp, &code).await;
}

#[tokio::test]
async fn a_code_is_worth_nothing_after_five_minutes() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (_, mut browser) = approved(&guichet, &pisp, "PI-1").await;
    let code = parameter(&sent_back(&mut browser).await, "code");
    guichet.clock.advance(SignedDuration::from_secs(300));
    refused_grant(&pisp, &form(&code, &[])).await;
    let another = parameter(&sent_back(&mut browser).await, "code");
    exchange(&pisp, &another).await;
}

#[tokio::test]
async fn a_code_that_comes_again_takes_the_token_back_that_it_gave() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (path, mut browser) = approved(&guichet, &pisp, "PI-1").await;
    // Whatever else is wrong with the second try of the same client.
    let tries: [&[(&str, &str)]; 3] =
        [&[], &[("code_verifier", "")], &[("redirect_uri", "https://tpp.example/cb")]];
    for again in tries {
        let code = parameter(&sent_back(&mut browser).await, "code");
        let token = exchange(&pisp, &code).await;
        assert_eq!(get(&pisp, &token, &path).await.status, 200);
        refused_grant(&pisp, &form(&code, again)).await;
        confirm(&pisp, &token, &path).await.refused(401, "BE05");
        refused_grant(&pisp, &form(&code, &[])).await;
    }
    let code = parameter(&sent_back(&mut browser).await, "code");
    let token = exchange(&pisp, &code).await;
    guichet.clock.advance(SignedDuration::from_secs(400));
    refused_grant(&pisp, &form(&code, &[])).await;
    confirm(&pisp, &token, &path).await.refused(401, "BE05");
    assert_eq!(guichet.stored(&path).await.status(), Status::Acco, "and nothing was executed");
}

#[tokio::test]
async fn a_thief_who_tries_a_used_code_does_not_take_the_token_back() {
    let guichet = enforced().await;
    let (pisp, thief) = (guichet.pisp(PISP), guichet.pisp(OTHER_PISP));
    let (path, mut browser) = approved(&guichet, &pisp, "PI-1").await;
    let code = parameter(&sent_back(&mut browser).await, "code");
    let token = exchange(&pisp, &code).await;
    refused_grant(&thief, &form(&code, &[("client_id", OTHER_PISP)])).await;
    check_no_token(&thief.ask_token(HOST, &form(&code, &[])).await, 401, "invalid_client");
    check_no_token(&pisp.ask_token(OTHER_HOST, &form(&code, &[])).await, 400, "invalid_grant");
    assert_eq!(confirm(&pisp, &token, &path).await.status, 200);
}

#[tokio::test]
async fn of_many_exchanges_at_once_no_token_is_left() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (path, mut browser) = approved(&guichet, &pisp, "PI-1").await;
    let form = form(&parameter(&sent_back(&mut browser).await, "code"), &[]);
    let answers = join_all((0..8).map(|_| pisp.ask_token(HOST, &form))).await;
    let given: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(given.len(), 1);
    let token = given[0].json()["access_token"].as_str().unwrap().to_owned();
    confirm(&pisp, &token, &path).await.refused(401, "BE05");
}
