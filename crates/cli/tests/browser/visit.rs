//! One person's way through the shop, the bank's pages and the pretend phone, in clicks.

use crate::{
    demo::Demo,
    window::{Screen, Window},
};

/// What every persona types as a password.
const PASSWORD: &str = "sandbox";

/// A person in front of a browser, with a demo of his own.
pub(crate) struct Visit {
    /// The browser.
    pub(crate) window: Window,
    demo: Demo,
    customer: &'static str,
}

impl Visit {
    /// Starts everything; `customer` is the number at bank 17515.
    pub(crate) async fn start(
        test: &'static str,
        customer: &'static str,
        screen: Screen,
        language: &'static str,
    ) -> Self {
        Self { demo: Demo::start(), window: Window::open(test, screen, language).await, customer }
    }

    /// Opens the shop.
    pub(crate) async fn open_shop(&mut self) {
        self.window.go(&self.demo.shop).await;
        self.window.arrive("/").await;
        self.window.look("shop").await;
    }

    /// Puts the notebook into the basket and pays it at bank 17515.
    pub(crate) async fn buy(&mut self) {
        self.window.click("#buy-carnet").await;
        self.window.arrive("/buy/carnet").await;
        self.window.look("basket").await;
        self.window.click("#bank-17515").await;
        self.window.click("#pay").await;
        self.window.arrive("/psu/identify").await;
        self.window.look("identify").await;
    }

    /// Says who he is, and proves it with the password.
    pub(crate) async fn sign_in(&mut self) {
        self.window.fill("#customer", self.customer).await;
        self.window.click("#continue").await;
        self.window.arrive("/psu/password").await;
        self.window.look("password").await;
        self.window.fill("#password", PASSWORD).await;
        self.window.click("#continue").await;
    }

    /// Chooses the account at this place of the list.
    pub(crate) async fn choose_account(&mut self, place: u8) {
        self.window.arrive("/psu/account").await;
        self.window.look("account").await;
        self.window.click(&format!("#account-{place}")).await;
        self.window.click("#continue").await;
        self.window.arrive("/psu/review").await;
        self.window.look("review").await;
    }

    /// Has read everything, and asks for the code.
    pub(crate) async fn ask_for_code(&mut self) {
        self.window.click("#continue").await;
        self.window.arrive("/psu/authenticate").await;
        self.window.look("authenticate").await;
    }

    /// Reads the code from the phone, in a second tab.
    pub(crate) async fn read_code(&mut self) -> String {
        let bank = self.window.open_tab(&self.demo.phone(self.customer)).await;
        let code = self.window.text(".message:not(.old) .code").await;
        self.window.look("phone").await;
        self.window.close_tab(bank).await;
        code
    }

    /// Types a code and approves with it.
    pub(crate) async fn enter_code(&mut self, code: &str) {
        self.window.fill("#code", code).await;
        self.window.click("#continue").await;
    }

    /// All of that, up to the page that says the payment is approved.
    pub(crate) async fn pay(&mut self) {
        self.open_shop().await;
        self.buy().await;
        self.sign_in().await;
        self.choose_account(1).await;
        self.ask_for_code().await;
        let code = self.read_code().await;
        self.enter_code(&code).await;
        self.window.find("#approved").await;
        self.window.look("approved").await;
    }

    /// Refuses the payment, wherever he is.
    pub(crate) async fn refuse(&mut self) {
        self.window.click("#refuse").await;
        self.window.find("#refused").await;
        self.window.look("refused").await;
    }

    /// Goes back to the shop, which says where the payment stands.
    pub(crate) async fn return_to_shop(&mut self, status: &str) {
        self.window.click("#back").await;
        self.see_in_shop(status).await;
    }

    /// Waits until the shop says where the payment stands.
    pub(crate) async fn see_in_shop(&mut self, status: &str) {
        let standing = format!("#standing[data-status={status}]");
        self.window.find(&standing).await;
        self.window.look(&format!("order-{}", status.to_lowercase())).await;
    }
}
