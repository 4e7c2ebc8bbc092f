//! The initiator of a payment: whether the bank works with it today, however good the link it made yesterday.
//!
//! Nobody shows a certificate here, so registration, suspension and registers are asked: once when the link is
//! opened, and again before anything is reserved (PSD2, Art. 66 and 68(5)). What was approved by then goes on.

use payments::{Payment, institution::Institution, tpp::Tpp};

use super::problem::Problem;
use crate::{
    App,
    caller::{NotAllowed, in_good_standing},
};

/// The initiator of `payment`, with which `institution` works today.
///
/// # Errors
///
/// [`Problem::KeptOut`] if it does not, or if the initiator is not registered any more; [`Problem::Technical`] if
/// the store failed: nobody is let in because nobody could be asked.
pub(super) async fn find(app: &App, institution: &Institution, payment: &Payment) -> Result<Tpp, Problem> {
    let tpp = app.store.find_tpp(&payment.registration().tpp).await?.ok_or(Problem::KeptOut)?;
    match in_good_standing(app, &tpp, institution).await {
        Ok(()) => Ok(tpp),
        Err(NotAllowed::Store(error)) => Err(error.into()),
        Err(refusal) => {
            tracing::info!(payment_id = %payment.id(), client_id = %tpp.id, %refusal, "an initiator is kept out");
            Err(Problem::KeptOut)
        }
    }
}
