//! A payment was not approved, or not confirmed: whatever was reserved for it goes back.

use payments::{values::Reference, work::Claimed};

use super::{Done, WorkError, in_time};
use crate::App;

/// Tells the bank to give the reservation back and to refuse the reference from now on, so that an
/// approval that was under way cannot reserve after us.
pub(super) async fn release(app: &App, claimed: &Claimed) -> Result<Done, WorkError> {
    let Some(payment) = app.store.load(&claimed.work.payment).await? else {
        return Ok(Done::Finished);
    };
    let reference = Reference::of(payment.id());
    in_time(app, app.bank.release(&payment.registration().institution, &reference)).await?;
    Ok(Done::Finished)
}
