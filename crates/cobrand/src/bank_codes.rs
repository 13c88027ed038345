//! The codes of network management that a simulated bank of a configured link sends.

use bank_simulator::{NetworkCodes, NetworkFunction};

use crate::config::NetworkCodesConfig;

/// What is agreed: `usual` where the configuration names nothing else.
pub(crate) fn agreed(config: &NetworkCodesConfig, usual: NetworkCodes) -> NetworkCodes {
    let named = [
        (NetworkFunction::SignOn, &config.sign_on),
        (NetworkFunction::SignOff, &config.sign_off),
        (NetworkFunction::Echo, &config.echo),
        (NetworkFunction::CutOver, &config.cut_over),
        (NetworkFunction::KeyChange, &config.key_change),
    ];
    named.into_iter().fold(usual, |codes, (function, named)| match named {
        Some(named) => codes.with(function, named.clone()),
        None => codes,
    })
}
