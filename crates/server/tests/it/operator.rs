//! Health and metrics, as operators see them.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use payments::{
    ports::WorkStore as _,
    values::PaymentId,
    work::{Lease, Task, Work},
};

use server::{
    app::Clock as _,
    trust::{Gathered, ListInForce},
};
use tokio::sync::Mutex;

use crate::harness::{Call, Guichet, PAYMENTS, PISP, TOKEN};

/// A process has one set of metrics: who looks at them takes turns. Counters are of every test of it.
static TURN: Mutex<()> = Mutex::const_new(());

/// The lines of the metrics that hold all of `parts`.
async fn metrics(guichet: &Guichet, parts: &[&str]) -> Vec<String> {
    let (status, text) = guichet.operator("/metrics").await;
    assert_eq!(status, 200);
    let series = text.lines().filter(|line| !line.starts_with('#'));
    let lines = series.filter(|line| parts.iter().all(|part| line.contains(part)));
    lines.map(str::to_owned).collect()
}

/// The value of the one series that holds all of `parts`.
async fn value(guichet: &Guichet, parts: &[&str]) -> f64 {
    let lines = metrics(guichet, parts).await;
    let [line] = &lines[..] else { panic!("{parts:?}: {lines:?}") };
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_server_is_ready_while_its_store_works_and_alive_in_any_case() {
    let guichet = Guichet::start().await;
    assert_eq!(guichet.operator("/health/live").await, (200, "live\n".to_owned()));
    assert_eq!(guichet.operator("/health/ready").await, (200, "ready\n".to_owned()));
    guichet.store.close();
    assert_eq!(guichet.operator("/health/live").await.0, 200);
    let (status, text) = guichet.operator("/health/ready").await;
    assert_eq!(status, 503);
    assert!(!text.contains('/'), "no path of ours is told: {text}");
}

#[tokio::test]
async fn requests_are_counted_and_timed_by_route_and_status() {
    let _turn = TURN.lock().await;
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    let token = pisp.token().await;
    assert_eq!(pisp.sign_and_send(pisp.get(&token, &path)).await.status, 200);
    let nobody = pisp.send(pisp.get(&token, &path).without("authorization")).await;
    assert_eq!(nobody.status, 401);
    let one = format!("route=\"{PAYMENTS}/{{id}}\"");
    let table = [
        (format!("route=\"{TOKEN}\""), "POST", "200", 2.0),
        (format!("route=\"{PAYMENTS}\""), "POST", "201", 1.0),
        (one.clone(), "GET", "200", 1.0),
        (one, "GET", "401", 1.0),
    ];
    for (route, method, status, times) in table {
        let (method, status) = (format!("method=\"{method}\""), format!("status=\"{status}\""));
        let series = ["guichet_requests_total{", "listener=\"tpp\"", &route, &method, &status];
        let counted = value(&guichet, &series).await;
        assert!(counted > times - 0.5, "{series:?}: {counted}");
        let timed = ["guichet_request_seconds_count{", &route, &method];
        assert!(value(&guichet, &timed).await > 0.5, "{timed:?}");
        let buckets = ["guichet_request_seconds_bucket{", &route, &method, "le=\"0.1\""];
        assert_eq!(metrics(&guichet, &buckets).await.len(), 1);
    }
}

#[tokio::test]
async fn payments_are_counted_by_status_and_never_stay_where_they_were() {
    let _turn = TURN.lock().await;
    let guichet = Guichet::start().await;
    guichet.pisp(PISP).pay().await;
    let waiting = value(&guichet, &["guichet_payments{", "ACTC"]).await;
    assert!((waiting - 1.0).abs() < 0.5, "{waiting}");
    // Nobody answers; the work loop sees to the rest.
    guichet.clock.advance(SignedDuration::from_hours(24));
    while metrics(&guichet, &["guichet_payments{", "RJCT"]).await.is_empty() {
        tokio::task::yield_now().await;
    }
    let waiting = value(&guichet, &["guichet_payments{", "ACTC"]).await;
    assert!(waiting < 0.5, "{waiting}");
    let expired = ["guichet_work_total{", "task=\"expire\"", "result=\"done\""];
    assert!(value(&guichet, &expired).await > 0.5);
}

#[tokio::test]
async fn the_age_of_the_oldest_work_is_told() {
    let _turn = TURN.lock().await;
    let guichet = Guichet::start().await;
    let age = value(&guichet, &["guichet_work_oldest_due_ms "]).await;
    assert!(age < 0.5, "{age}");
    let path = guichet.pisp(PISP).pay().await;
    let payment = PaymentId::parse(path.rsplit('/').next().unwrap()).unwrap();
    // Somebody who died took it: it is due and nobody can do it.
    let far = guichet.clock.now() + SignedDuration::from_hours(100);
    let until = far + SignedDuration::from_hours(100);
    let claimed = guichet.store.claim(far, until, 10, Lease(1)).await.unwrap();
    let due = claimed.first().map(|claimed| claimed.work.clone());
    let Some(Work { due, task: Task::Expire, payment: about }) = due else { panic!("{due:?}") };
    assert_eq!(about, payment);
    guichet.clock.set(due + SignedDuration::from_millis(1_500));
    let age = value(&guichet, &["guichet_work_oldest_due_ms "]).await;
    assert!((age - 1_500.0).abs() < 0.5, "{age}");
}

#[tokio::test]
async fn a_trusted_list_is_overdue_from_when_its_next_issue_is_due_until_it_is_replaced() {
    let _turn = TURN.lock().await;
    let guichet = Guichet::start().await;
    let rely_on = |lists: &[(&str, Option<i64>)]| {
        let mut gathered = Gathered::default();
        for (territory, hours) in lists {
            let next_update = hours.map(|hours| guichet.clock.now() + SignedDuration::from_hours(hours));
            gathered.add_list(ListInForce { territory: (*territory).to_owned(), next_update });
        }
        guichet.app.trust.replace(gathered.trust().unwrap());
    };
    let overdue = async || {
        let mut lines = metrics(&guichet, &["guichet_trusted_list_overdue{"]).await;
        lines.sort();
        lines.join(" ").replace("guichet_trusted_list_overdue{territory=", "").replace('}', "")
    };
    rely_on(&[("FR", Some(1)), ("LU", Some(3)), ("UK", None)]);
    assert_eq!(overdue().await, r#""FR" 0 "LU" 0 "UK" 0"#);
    guichet.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(overdue().await, r#""FR" 1 "LU" 0 "UK" 0"#);
    guichet.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(overdue().await, r#""FR" 1 "LU" 1 "UK" 0"#);
    rely_on(&[("FR", Some(1))]);
    assert_eq!(overdue().await, r#""FR" 0 "LU" 0 "UK" 0"#, "nobody relies on the list of LU any more");
}

#[tokio::test]
async fn what_callers_invent_makes_no_series() {
    let _turn = TURN.lock().await;
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let invented = ["invented-a", "invented-b", "invented-c"];
    let brew = Method::from_bytes(b"INVENTED").unwrap();
    for name in invented {
        let targets = [
            format!("/{name}"),
            format!("{PAYMENTS}/{name}"),
            format!("{PAYMENTS}/{name}/{name}"),
            format!("/stet/psd2/v1/{name}"),
            format!("/stet/psd2/{name}/payment-requests"),
            format!("/api/keyid/{name}"),
            format!("{TOKEN}?{name}={name}"),
        ];
        for target in targets {
            for method in [&Method::GET, &Method::POST, &Method::PATCH, &brew] {
                let answer = pisp.send(Call::new(method.clone(), &target)).await;
                let refused = StatusCode::from_u16(answer.status).unwrap();
                assert!(refused.is_client_error(), "{method} {target}: {refused}");
            }
        }
    }
    let (_, text) = guichet.operator("/metrics").await;
    assert!(!text.to_lowercase().contains("invented"), "{text}");
    let others = ["guichet_requests_total{", "route=\"other\"", "method=\"other\""];
    assert!(!metrics(&guichet, &others).await.is_empty());
}
