//! Certificates: readable, valid, of the agreed name, signed by the authority, with the right key.

use std::path::Path;

use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::report::Report;

/// Days before its end when a certificate is told of.
const WARN_DAYS: i64 = 60;
const SECONDS_PER_DAY: i64 = 86_400;

/// Checks a certificate with its key; whether both can be used.
pub(super) fn pair(
    what: &str,
    certificate: &Path,
    key: &Path,
    authority: Option<&Path>,
    names: &[String],
    report: &mut Report,
) -> bool {
    let failures = report.failures();
    let chain = read(what, certificate, report);
    if let Some(first) = chain.first() {
        one(what, first, names, report);
        if let Some(authority) = authority {
            signed(what, first, authority, report);
        }
    }
    let failed = report.failures();
    belongs(what, chain, key, report);
    failed == failures && report.failures() == failures
}

/// Checks the certificate of an authority.
pub(super) fn authority(what: &str, path: &Path, report: &mut Report) {
    for certificate in read(what, path, report) {
        one(what, &certificate, &[], report);
    }
}

fn read(what: &str, path: &Path, report: &mut Report) -> Vec<CertificateDer<'static>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let hint = "give a PEM file; for a development set: cobrand certs --out certs";
    match read {
        Ok(chain) if chain.is_empty() => {
            report.fail(&format!("{what}: no certificate in {}", path.display()), hint)
        }
        Ok(chain) => return chain,
        Err(error) => report.fail(&format!("{what}: {}: {error}", path.display()), hint),
    }
    Vec::new()
}

fn one(what: &str, certificate: &CertificateDer<'_>, names: &[String], report: &mut Report) {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return report.fail(&format!("{what}: is no X.509 certificate"), "have it issued anew");
    };
    validity(what, &parsed, report);
    if names.is_empty() {
        return;
    }
    let has = dns_names(&parsed);
    if has.iter().any(|name| names.contains(name)) {
        report.ok(&format!("{what}: carries the agreed name {}", has.join(", ")));
    } else {
        let found = if has.is_empty() { "none".to_owned() } else { has.join(", ") };
        let hint = "have it issued with the agreed name as subjectAltName, or agree on the other name: \
                    certificate_names of the link, --server-name for the gateway";
        report.fail(&format!("{what}: expected the name {}, found {found}", names.join(" or ")), hint);
    }
}

fn validity(what: &str, certificate: &X509Certificate<'_>, report: &mut Report) {
    let (from, to) =
        (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
    let now = jiff::Timestamp::now().as_second();
    let left = (to - now) / SECONDS_PER_DAY;
    let day = |second: i64| {
        jiff::Timestamp::from_second(second)
            .map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
    };
    match (now < from, now > to, left < WARN_DAYS) {
        (true, ..) => {
            let hint = "wait, or set the clock of this machine right";
            report.fail(&format!("{what}: valid only from {}", day(from)), hint);
        }
        (_, true, _) => report.fail(&format!("{what}: expired on {}", day(to)), "have it renewed now"),
        (.., true) => {
            let text = format!("{what}: valid until {}, {left} days left", day(to));
            report.warn(&text, "have it renewed in time: within 60 days of its end this is told");
        }
        _ => report.ok(&format!("{what}: valid until {}, {left} days left", day(to))),
    }
}

fn dns_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let dns = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(dns).collect()
}

fn signed(what: &str, certificate: &CertificateDer<'_>, authority: &Path, report: &mut Report) {
    let authorities = read("the authority", authority, report);
    let Ok((_, leaf)) = X509Certificate::from_der(certificate) else { return };
    let by = authorities.iter().any(|authority| {
        X509Certificate::from_der(authority)
            .is_ok_and(|(_, authority)| leaf.verify_signature(Some(authority.public_key())).is_ok())
    });
    if by {
        report.ok(&format!("{what}: signed by {}", authority.display()));
    } else {
        // A chain with intermediates is judged by the handshake.
        let text = format!("{what}: not signed by {} itself", authority.display());
        report
            .warn(&text, "right only with an intermediate authority in the chain; else give the right --ca");
    }
}

fn belongs(what: &str, chain: Vec<CertificateDer<'static>>, key: &Path, report: &mut Report) {
    let key_der = match PrivateKeyDer::from_pem_file(key) {
        Ok(key) => key,
        Err(error) => {
            let hint = "give the PEM file of the private key";
            return report.fail(&format!("{what}: key {}: {error}", key.display()), hint);
        }
    };
    if chain.is_empty() {
        return;
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    match CertifiedKey::from_der(chain, key_der, &provider) {
        Ok(_) => report.ok(&format!("{what}: {} is its key", key.display())),
        Err(error) => {
            let hint = "certificate and key must come from the same request";
            report.fail(&format!("{what}: {} is not its key ({error})", key.display()), hint);
        }
    }
}
