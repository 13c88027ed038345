//! Who asks: a token or, for what only reads, the session of a browser; how often; with which right.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{extract::ConnectInfo, http::Extensions, http::HeaderMap};
use jiff::Timestamp;
use settlement::sha256;
use store::TokenScope;

use super::{operation::Operation, problems::Problem};
use crate::{
    access::{guard, roles_may, signed_in::SignedIn, token},
    app::App,
    limits::Left,
};

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub(super) struct Admitted {
    pub(super) who: SignedIn,
    /// What the token is called; empty for a session.
    pub(super) label: String,
    /// What is left of his minute.
    pub(super) left: Left,
}

/// Counts a request of the network that it comes from. Without one, as in tests, there is nothing to count.
pub(super) fn count_network(app: &App, extensions: &Extensions, now: Instant) -> Result<(), Left> {
    let Some(ConnectInfo(from)) = extensions.get::<ConnectInfo<SocketAddr>>() else { return Ok(()) };
    let (api, network) = (&app.staff_api, network_of(from.ip()));
    api.networks.count(&network, api.limits.of_network, now).map(|_| ())
}

/// An address of IPv4; of IPv6 the 64 bits that one customer has at least.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let host = u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !host))
        }
        address => address,
    }
}

/// Why somebody was not let in, and what is left of his minute, if it is known who he is.
pub(super) type NotAdmitted = (Problem, Option<Left>);

/// Lets somebody in to an operation.
pub(super) async fn admit(
    app: &Arc<App>,
    operation: &Operation,
    headers: &HeaderMap,
) -> Result<Admitted, NotAdmitted> {
    let unknown = |problem: Problem| (problem, None);
    let (who, id, scope, label) = match token::bearer(headers) {
        Some(token) => by_token(app, token).await.map_err(unknown)?,
        // A browser sends its cookie with whatever it is made to send: what changes something asks for a token.
        None if operation.changes() => return Err(unknown(Problem::no_token())),
        None => by_session(app, headers).await.map_err(unknown)?,
    };
    let (api, now) = (&app.staff_api, Instant::now());
    let left = api.tokens.count(&id, api.limits.of_token, now);
    let left = left.map_err(|left| (Problem::too_often(left.reset), Some(left)))?;
    allowed(app, operation, &who, scope).map_err(|problem| (problem, Some(left)))?;
    Ok(Admitted { who, label, left })
}

type Known = (SignedIn, [u8; 32], TokenScope, String);

async fn by_token(app: &App, token: &str) -> Result<Known, Problem> {
    // The machine's clock, also where business lives on another date: a token ages in real days.
    let pool = &app.console.pool;
    let account = token::holder(pool, token, Timestamp::now()).await?.ok_or_else(Problem::no_token)?;
    let id = sha256(token.as_bytes());
    let known = store::scope_of_token(pool, &id).await?;
    let (scope, label) = known.ok_or_else(Problem::no_token)?;
    Ok((guard::with_token(&account), id, scope, label))
}

/// A session reads; whatever else its user may do is for the pages, whose forms prove that he means it.
async fn by_session(app: &Arc<App>, headers: &HeaderMap) -> Result<Known, Problem> {
    let who = guard::with_session(app, headers).await?.ok_or_else(Problem::no_token)?;
    let rules = &app.console.access;
    if rules.second_factor_required && who.roles.decide() && !who.is_demo && !who.has_second_factor {
        return Err(Problem::second_factor());
    }
    let id = sha256(format!("session of {}", who.user).as_bytes());
    Ok((who, id, TokenScope::Read, String::new()))
}

fn allowed(app: &App, operation: &Operation, who: &SignedIn, scope: TokenScope) -> Result<(), Problem> {
    if !scope.covers(operation.scope) {
        return Err(Problem::scope(scope, operation.scope));
    }
    if let Some(partner) = &who.partner {
        let known = app.console.partner_codes.contains_key(&partner.id);
        return if operation.partners && known { Ok(()) } else { Err(Problem::not_found("path")) };
    }
    match roles_may(who.roles, operation.deed) {
        true => Ok(()),
        false => Err(Problem::role(operation.deed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_or_the_half_of_one() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(network_of(address.parse().unwrap()).to_string(), network);
        }
    }
}
