//! What every store must do, one function a rule, each on an empty store.
//!
//! A store's tests call [`every_rule!`](crate::every_rule) with a way to get an empty store.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these are tests; they live outside cfg(test) to be shared"
)]

mod books;
mod changes;
mod codes;
mod idempotence;
mod payments;
mod registry;
pub mod samples;
mod trust;
mod work;

pub use books::*;
pub use changes::*;
pub use codes::*;
pub use idempotence::*;
pub use payments::*;
pub use registry::*;
pub use trust::*;
pub use work::*;

/// Makes a test of every rule. The expression gives something to keep until the end of the test and an
/// empty `Arc<dyn Store>`.
#[macro_export]
macro_rules! every_rule {
    ($fresh:expr) => {
        $crate::every_rule! { $fresh =>
            a_payment_is_found_by_its_owner_only
            a_payment_id_is_taken_once
            the_journal_replays_to_the_stored_payment
            payments_are_counted_by_status_and_listed_in_order
            a_call_is_recognised_for_24_hours
            of_concurrent_calls_each_is_taken_once
            a_repetition_gets_the_payment_as_it_stands
            a_token_serves_one_payment_request
            a_change_is_saved_with_everything_that_belongs_to_it
            of_many_changes_of_one_state_one_is_saved
            a_change_that_meets_other_failures_saves_nothing
            a_change_whose_lease_was_lost_saves_nothing
            a_change_does_claimed_work_and_may_leave_more_of_it
            a_decided_payment_no_longer_waits_to_expire
            a_payment_that_awaits_its_confirmation_still_expires
            a_code_is_exchanged_once_and_the_second_try_takes_the_token_back
            of_many_exchanges_of_one_code_no_token_is_left
            a_code_is_remembered_for_a_day_after_its_end
            work_is_claimed_once_when_it_is_due_oldest_first
            a_lease_that_ended_is_lost
            work_put_back_is_due_again_later
            concurrent_workers_never_hold_the_same_work
            tokens_are_kept_and_tied_once
            tpps_are_kept_and_replaced
            a_registration_has_a_history_that_survives_its_removal
            a_registration_that_changed_meanwhile_is_not_overwritten
            of_concurrent_changes_of_a_registration_one_is_made
            a_removed_tpp_leaves_no_token_and_no_code
            revoked_tokens_are_gone
            tpps_are_found_by_name_whatever_its_case
            tpps_are_found_by_provider
            a_name_serves_one_provider
            a_provider_registers_so_many_clients_by_itself
            a_signed_call_changes_a_registration_once
            journeys_are_kept_and_replaced
            an_import_replaces_what_its_register_says
            an_import_of_the_same_changes_nothing
            a_provider_that_disappears_is_withdrawn_and_its_history_kept
            a_removed_register_counts_no_longer_and_its_history_is_kept
            a_trusted_list_gives_way_to_later_issues_only
            a_removed_trusted_list_does_not_come_back_older
            a_revoked_certificate_is_remembered_until_it_expires
            a_sweep_removes_what_nobody_can_ask_for
            everything_is_there_when_the_store_is_read_again
        }
    };
    ($fresh:expr => $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let (_kept, store) = $fresh;
                $crate::suite::$rule(store).await;
            }
        )*
    };
}
