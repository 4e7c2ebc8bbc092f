//! Agents: registered and called for by their provider.

use serde_json::json;

use super::{NEWCOMER, Provider, check_refused};
use crate::harness::{Guichet, HOST};

const AGENT: &str = "AGTNL-DNB-33031431001";

#[tokio::test]
async fn an_agent_is_registered_by_its_provider_which_pays_for_it() {
    let guichet = Guichet::start().await;
    let provider = Provider::new(&guichet, NEWCOMER);
    let mut body = provider.body();
    body["client_legal_id"] = json!(AGENT);
    body["client_name"] = json!("Winkel van Jan");
    let refused = check_refused(&provider.post(&body).await, "invalid_client_metadata");
    assert!(refused.starts_with("client_legal_id "), "there is no provider yet: {refused}");

    let own = provider.register(&provider.body()).await;
    let agent = provider.register(&body).await;
    assert!(agent.starts_with(&format!("1{AGENT}-0-")), "{agent}");
    let answer = provider.get(&agent).await.json();
    assert_eq!((&answer["client_legal_id"], &answer["provider_legal_id"]), (&json!(AGENT), &json!(NEWCOMER)));
    let client = provider.client(&agent);
    client.pay().await;

    // The provider's own legal id names no agent.
    let mut itself = provider.body();
    itself["client_legal_id"] = json!(NEWCOMER);
    assert_eq!(provider.put(&own, &itself).await.status, 200);
    for (id, legal_id) in [(&own, json!(AGENT)), (&agent, json!(null)), (&agent, json!("AGTNL-DNB-1"))] {
        let mut other = body.clone();
        other["client_legal_id"] = legal_id;
        let refused = check_refused(&provider.put(id, &other).await, "invalid_client_metadata");
        assert!(refused.starts_with("client_legal_id "), "{refused}");
    }
    body["redirect_uris"] = json!(["https://jan.example"]);
    assert_eq!(provider.put(&agent, &body).await.status, 200);
}

#[tokio::test]
async fn an_agent_is_nobody_elses() {
    let guichet = Guichet::start().await;
    let (provider, other) = (Provider::new(&guichet, NEWCOMER), Provider::new(&guichet, "PSDNL-DNB-2"));
    for provider in [&provider, &other] {
        provider.register(&provider.body()).await;
    }
    let mut body = provider.body();
    body["client_legal_id"] = json!(AGENT);
    let agent = provider.register(&body).await;
    let stranger = other.client(&agent);
    let answer = stranger.ask_token(HOST, &stranger.token_form()).await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
    for answer in [other.get(&agent).await, other.put(&agent, &body).await, other.delete(&agent).await] {
        answer.refused(403, "BE05");
    }
}

#[tokio::test]
async fn a_provider_goes_after_its_agents() {
    let guichet = Guichet::start().await;
    let provider = Provider::new(&guichet, NEWCOMER);
    let own = provider.register(&provider.body()).await;
    let mut body = provider.body();
    body["client_legal_id"] = json!(AGENT);
    let agent = provider.register(&body).await;
    check_refused(&provider.delete(&own).await, "invalid_client_metadata");
    guichet.change_tpp(&own, |tpp| tpp.licence = payments::tpp::Licence::Suspended).await;
    let client = provider.client(&agent);
    let answer = client.ask_token(HOST, &client.token_form()).await;
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("unauthorized_client")));
    provider.get(&agent).await.refused(403, "BE05");
    guichet.change_tpp(&own, |tpp| tpp.licence = payments::tpp::Licence::Active).await;
    assert_eq!(provider.delete(&agent).await.status, 204);
    assert_eq!(provider.delete(&own).await.status, 204);
    assert!(guichet.registration(&own).await.is_none());
}
