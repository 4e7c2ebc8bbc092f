//! What was ordered: in memory, as many as fit.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use url::Url;

use super::Product;
use crate::{
    pisp::{Callback, Created, Order, Pisp, PispError},
    random,
    sandbox::{BankPlace, Places},
};

/// Orders remembered; the oldest is forgotten first.
const MAX_ORDERS: usize = 1_000;

/// The shop.
pub(crate) struct Shop {
    url: Url,
    merchant: String,
    banks: Vec<BankPlace>,
    pisp: Pisp,
    orders: Mutex<VecDeque<Placed>>,
}

/// An order whose payment a bank has taken.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    /// Its number: nobody guesses one.
    pub(crate) number: String,
    /// What was ordered.
    pub(crate) product: &'static Product,
    /// Code of the bank.
    pub(crate) bank: String,
    /// The payment request at that bank.
    pub(crate) payment: String,
    /// Where the customer approves it.
    pub(crate) continue_at: Url,
    /// What is expected back with him, where the bank waits for a confirmation.
    pub(crate) callback: Option<Callback>,
}

/// A fresh order number.
pub(crate) fn number() -> String {
    random::hex::<8>()
}

impl Shop {
    /// A shop at `url` that takes payments from the banks of a sandbox.
    pub(crate) fn new(url: Url, places: &Places, pisp: Pisp) -> Self {
        Self {
            url,
            merchant: places.tpp.name.clone(),
            banks: places.banks.clone(),
            pisp,
            orders: Mutex::default(),
        }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn merchant(&self) -> &str {
        &self.merchant
    }

    pub(super) fn banks(&self) -> &[BankPlace] {
        &self.banks
    }

    pub(super) fn knows(&self, bank: &str) -> bool {
        self.banks.iter().any(|known| known.code == bank)
    }

    /// Where browsers may be sent to approve.
    pub(super) fn consent_origins(&self) -> String {
        let origins = self.banks.iter().map(|bank| bank.psu_url.origin().ascii_serialization());
        origins.collect::<Vec<_>>().join(" ")
    }

    /// The PISP at a bank.
    ///
    /// # Errors
    ///
    /// [`PispError::Address`] for a bank the shop does not know.
    pub(super) fn pisp_at(&self, code: &str) -> Result<Pisp, PispError> {
        let bank = self.banks.iter().find(|bank| bank.code == code);
        Ok(self.pisp.at(bank.ok_or(PispError::Address)?.tpp_url.clone()))
    }

    /// Remembers that the bank with this code has taken the payment of an order; gives where the customer
    /// approves it.
    pub(crate) fn placed(
        &self,
        number: String,
        product: &'static Product,
        bank: &str,
        (order, created): (&Order, &Created),
    ) -> Url {
        let callback = self.pisp.callback(created, &order.success_url);
        let continue_at = callback.as_ref().map_or(&created.consent_url, Callback::link).clone();
        self.remember(Placed {
            number,
            product,
            bank: bank.to_owned(),
            payment: created.id.clone(),
            continue_at: continue_at.clone(),
            callback,
        });
        continue_at
    }

    fn remember(&self, placed: Placed) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.len() >= MAX_ORDERS {
            orders.pop_front();
        }
        orders.push_back(placed);
    }

    /// The order with this number.
    pub(super) fn find(&self, number: &str) -> Option<Placed> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.iter().find(|placed| placed.number == number).cloned()
    }
}
