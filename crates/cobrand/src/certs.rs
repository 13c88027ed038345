//! A throw-away development authority with certificates for the gateway and a bank. No key of it belongs in git.

use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::{Context, bail};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};

/// The name in the gateway's certificate.
pub const GATEWAY_NAME: &str = "gateway.cobrand.example";

/// An authority that signs development certificates.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate chain and its key, as PEM.
pub struct Leaf {
    /// The chain.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

/// Between which instants a certificate is valid, in days from now.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    /// May be negative: an expired certificate for a test.
    pub days: i64,
}

impl Authority {
    /// A new authority, valid for a month.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, Validity { days: 31 })?;
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { pem, issuer: Issuer::new(params, key) })
    }

    /// The authority's certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for `name`, for servers and clients alike.
    pub fn issue(&self, name: &str, validity: Validity) -> anyhow::Result<Leaf> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name = named(name);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        valid(&mut params, validity)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Leaf { certificate, key: key.serialize_pem() })
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::OrganizationName, "cobrand development - NOT for real cards");
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn valid(params: &mut CertificateParams, validity: Validity) -> anyhow::Result<()> {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (from, to) = (
        today.checked_sub(jiff::Span::new().days(90))?,
        today.checked_add(jiff::Span::new().days(validity.days))?,
    );
    let at = |date: jiff::civil::Date| {
        let month = u8::try_from(date.month()).unwrap_or(1);
        let day = u8::try_from(date.day()).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), month, day)
    };
    params.not_before = at(from);
    params.not_after = at(to);
    Ok(())
}

/// Writes a development set into `out`: an authority, a certificate for the gateway and two for each bank (its link,
/// its client of the API), a card key, an enrollment key.
///
/// Refuses to touch a folder that holds an authority already.
pub fn write_development_set(out: &Path, banks: &[String]) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    if out.join("ca.pem").exists() {
        bail!(
            "{} holds a development set already; remove it or choose another folder with --out",
            out.display()
        );
    }
    let authority = Authority::new("cobrand development authority")?;
    write(&out.join("ca.pem"), authority.pem(), 0o644)?;
    let names = std::iter::once(("gateway".to_owned(), GATEWAY_NAME.to_owned()))
        .chain(banks.iter().map(|bank| (bank.clone(), format!("{bank}.example"))))
        .chain(banks.iter().map(|bank| (format!("{bank}-api"), format!("api.{bank}.example"))));
    for (file, name) in names {
        let leaf = authority.issue(&name, Validity { days: 30 })?;
        write(&out.join(format!("{file}.pem")), &leaf.certificate, 0o644)?;
        write(&out.join(format!("{file}.key")), &leaf.key, 0o600)?;
    }
    write(&out.join("card.key"), &new_card_key()?, 0o600)?;
    write_enrollment_key(out)
}

/// Writes a new enrollment key into `out`: `enrollment.key` for the gateway, `enrollment.pub` for whoever seals.
pub fn write_enrollment_key(out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let (private, public) = gateway::new_enrollment_key()?;
    write(&out.join("enrollment.key"), &private, 0o600)?;
    write(&out.join("enrollment.pub"), &public, 0o644)
}

/// 256 random bits as hexadecimal digits.
pub fn new_card_key() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gave no random bytes"))?;
    Ok(hex::encode(bytes))
}

fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
