//! The registration API, `/stet/setting/v1/register` (STET, OAuth2 technical set-up 1.0.5; RFC 7591, 7592).
//!
//! A TPP registers its applications and its agents by itself: the certificates prove who it is, and nobody
//! at the bank has to do anything. What is registered takes effect at once.
//!
//! A call is signed with a seal certificate that the provider has registered, under whichever client. One
//! that has none, be it new or be all of them over, signs with the first key of the body: that certificate
//! was issued to the same organisation as the one of the connection.

mod call;
mod client_id;
mod jwks;
mod metadata;
mod name;
mod over;
mod provider;
mod refused;
mod render;

use axum::{
    Router,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use payments::{
    institution::Institution,
    licence,
    ports::{StoreError, TppWrite, Written},
    tpp::{Kind, Licence, Registrar, Tpp, TppRefusal},
    values::TppId,
};

use self::{call::Call, metadata::Metadata, provider::Provider, refused::Refused};
use crate::{App, api::ApiError, caller::NotAllowed};

/// The registration API.
pub(crate) fn routes() -> Router<App> {
    let one = get(read).head(async || ApiError::MethodNotAllowed).put(change).delete(remove);
    Router::new()
        .route("/stet/setting/v1/register", post(create))
        .route("/stet/setting/v1/register/{client_id}", one)
}

/// Whether no register stands against a provider: what it takes to register anything.
///
/// # Errors
///
/// The register that does.
pub(crate) async fn licensed(
    app: &App,
    organization_identifier: &str,
    institution: &Institution,
) -> Result<(), NotAllowed> {
    let listings = app.store.listings(organization_identifier).await?;
    licence::in_force(&listings, institution.settings.licence_rule).map_err(TppRefusal::from)?;
    Ok(())
}

/// `POST /register`: a new application or agent. The same call again gets the same client id.
async fn create(State(app): State<App>, call: Call) -> Result<Response, Refused> {
    let provider = Provider::find(&app, &call).await?;
    provider.may_register()?;
    provider.verify(&app, &call, None).await?;
    let request = call.request()?;
    if request.client_id.is_some() {
        return Err(metadata::invalid("client_id", "must not be given in a first registration").into());
    }
    let metadata = Metadata::parse(&request, &call)?;
    let tpp = Tpp {
        id: client_id::fresh(&app, metadata.legal_id()).await?,
        kind: provider.kind_of(&metadata)?,
        organization_identifier: call.organization_identifier.clone(),
        licence: Licence::Active,
        suspension: None,
        seal_certificates: jwks::certificates(&app, &call, &request, &metadata, &[]).await?,
        signature_policy: None,
        created_at: app.now(),
        name: metadata.name,
        scope_pisp: metadata.scope_pisp,
        grant_types: metadata.grant_types,
        redirect_uris: metadata.redirect_uris,
        details: metadata.details,
    };
    write(&app, &call, None, tpp).await
}

/// `GET /register/{client_id}`.
async fn read(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    call: Call,
) -> Result<Response, Refused> {
    let (_, tpp) = Provider::with(&app, &call, id).await?;
    render::registration(&tpp)
}

/// `PUT /register/{client_id}`: the whole registration anew. What the bank decided about it stays.
async fn change(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    call: Call,
) -> Result<Response, Refused> {
    let (_, before) = Provider::with(&app, &call, id).await?;
    is_not_configured(&app, &before.id).await?;
    let request = call.request()?;
    if request.client_id.as_deref() != Some(before.id.as_str()) {
        return Err(metadata::invalid("client_id", "must be the one of the path").into());
    }
    let metadata = Metadata::parse(&request, &call)?;
    if metadata.details.client_legal_id != before.details.client_legal_id {
        return Err(metadata::invalid("client_legal_id", "must be as registered").into());
    }
    let known = &before.seal_certificates;
    let seals = jwks::certificates(&app, &call, &request, &metadata, known).await?;
    let after = Tpp {
        seal_certificates: seals,
        name: metadata.name,
        scope_pisp: metadata.scope_pisp,
        grant_types: metadata.grant_types,
        redirect_uris: metadata.redirect_uris,
        details: metadata.details,
        ..before.clone()
    };
    write(&app, &call, Some(before), after).await
}

/// `DELETE /register/{client_id}`: its tokens go with it.
async fn remove(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    call: Call,
) -> Result<Response, Refused> {
    let (provider, tpp) = Provider::with(&app, &call, id).await?;
    is_not_configured(&app, &tpp.id).await?;
    if provider.has_agents(&tpp.id) {
        return Err(metadata::invalid("client_id", "has agents, which must be removed first").into());
    }
    let write = TppWrite::remove(tpp.clone(), Registrar::Tpp, app.now());
    match app.store.change_tpp(TppWrite { call: Some(call.signed_call()), ..write }).await? {
        Written::Now | Written::Before(_) | Written::NameTaken | Written::TooMany => {}
        Written::RequestIdReused => return Err(ApiError::RequestIdReused.into()),
    }
    tracing::info!(client_id = %tpp.id, "a TPP removed its registration");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Stores a registration and answers with it; a repeated call with what stands now.
async fn write(app: &App, call: &Call, before: Option<Tpp>, after: Tpp) -> Result<Response, Refused> {
    let is_new = before.is_none();
    let write = TppWrite::put(before, after.clone(), Registrar::Tpp, app.now());
    let written = app.store.change_tpp(TppWrite { call: Some(call.signed_call()), ..write }).await?;
    match written {
        Written::Now => {
            let what = if is_new { "a TPP registered a client" } else { "a TPP changed its registration" };
            tracing::info!(client_id = %after.id, agent = after.kind != Kind::Tpp, "{what}");
            render::registration(&after)
        }
        Written::Before(id) => {
            let stands = app.store.find_tpp(&id).await?.ok_or(ApiError::NotFound)?;
            render::registration(&stands)
        }
        Written::RequestIdReused => Err(ApiError::RequestIdReused.into()),
        Written::NameTaken => {
            Err(metadata::invalid("client_name", "passes for the name of another provider").into())
        }
        Written::TooMany => {
            Err(ApiError::Client("this provider has 20 registrations, and cannot have more").into())
        }
    }
}

/// What a configuration describes is changed there: the next start would undo anything else.
async fn is_not_configured(app: &App, id: &TppId) -> Result<(), Refused> {
    let history = app.store.tpp_history(id).await?;
    if history.iter().any(|event| event.actor == Registrar::Configuration) {
        let why = "this client is registered by the bank's configuration, which alone can change it";
        return Err(ApiError::Client(why).into());
    }
    Ok(())
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Api(error.into())
    }
}
