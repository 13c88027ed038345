//! An S3-compatible object store: an object appears whole, with its SHA-256, and never over another one.

mod connection;
mod inbox;

use std::path::Path as FilePath;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, GetOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, RetryConfig,
};

use self::connection::CreateOnly;
use super::fault::foreign;
use super::{
    Collected, DeliveryError, Fault, InboxSettings, Outgoing, ProbeReport, Receipt, S3Settings, Seen,
    SetupError,
};

/// Up to this size one request carries the object; larger ones go in parts of at least this size.
const PART_BYTES: u64 = 8 << 20;
/// The protocol's limit.
const PARTS_MAX: u64 = 10_000;
/// A request that broke is tried again at once; longer waits are the schedule's.
const REQUEST_RETRIES: usize = 2;
const HASH_KEY: &str = "sha256";
const DELIVERY_KEY: &str = "delivery-key";

/// A partner's bucket.
pub(crate) struct S3 {
    place: String,
    store: AmazonS3,
    prefix: String,
    inbox: Option<InboxSettings>,
}

impl S3 {
    pub(crate) fn open(settings: &S3Settings, base: &FilePath) -> Result<Self, SetupError> {
        let timeout = Duration::from_secs(settings.timeout_seconds.max(1));
        let retry =
            RetryConfig { max_retries: REQUEST_RETRIES, retry_timeout: timeout, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_region(&settings.region)
            .with_bucket_name(&settings.bucket)
            .with_access_key_id(settings.access_key.read("access_key", base)?.expose())
            .with_secret_access_key(settings.secret_key.read("secret_key", base)?.expose())
            .with_virtual_hosted_style_request(!settings.path_style)
            .with_retry(retry)
            .with_http_connector(CreateOnly::new(settings, base, timeout)?);
        if let Some(token) = &settings.session_token {
            builder = builder.with_token(token.read("session_token", base)?.expose());
        }
        if let Some(endpoint) = &settings.endpoint {
            connection::check_endpoint(endpoint, settings.allow_http)?;
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http:"));
        }
        Ok(Self {
            place: format!("s3://{}/{}", settings.bucket, settings.prefix),
            // The builder's errors name a field, never its value.
            store: builder.build().map_err(SetupError::because("endpoint", "no client can be made"))?,
            prefix: settings.prefix.clone(),
            inbox: settings.inbox.clone(),
        })
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) async fn deliver(&self, item: &Outgoing) -> Result<Receipt, DeliveryError> {
        item.check_name()?;
        let path = self.path(&format!("{}{}", self.prefix, item.name))?;
        let size = item.size().await?;
        let mut already = self.is_there(&path, item, size).await?;
        if !already && let Err(error) = self.put(&path, item, size).await? {
            // Somebody was faster: an earlier attempt of ours whose answer was lost, or another.
            already = matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. })
                && self.is_there(&path, item, size).await?;
            if !already {
                return Err(self.error(&path, "take", &error));
            }
        }
        let place = format!("{}{}", self.place, item.name);
        Ok(Receipt { place, already, bytes: size, sha256: item.sha256, answer: None })
    }

    /// What the store says is the inner result, what we cannot read of our own the outer.
    async fn put(&self, path: &Path, item: &Outgoing, size: u64) -> Result<Result<(), Error>, DeliveryError> {
        if size > PART_BYTES {
            return self.put_parts(path, item, size).await;
        }
        let payload = PutPayload::from(item.whole(size).await?);
        let options =
            PutOptions { mode: PutMode::Create, attributes: attributes(item), ..PutOptions::default() };
        Ok(self.store.put_opts(path, payload, options).await.map(drop))
    }

    async fn put_parts(
        &self,
        path: &Path,
        item: &Outgoing,
        size: u64,
    ) -> Result<Result<(), Error>, DeliveryError> {
        let options = PutMultipartOptions { attributes: attributes(item), ..PutMultipartOptions::default() };
        let mut upload = match self.store.put_multipart_opts(path, options).await {
            Ok(upload) => upload,
            Err(error) => return Ok(Err(error)),
        };
        let sent = send_parts(upload.as_mut(), item, size).await;
        if !matches!(sent, Ok(Ok(()))) {
            // Parts that nobody completes cost money until the bucket's rule removes them.
            let _ = upload.abort().await;
        }
        sent
    }

    /// Whether this very item stands there.
    async fn is_there(&self, path: &Path, item: &Outgoing, size: u64) -> Result<bool, DeliveryError> {
        let head = GetOptions { head: true, ..GetOptions::default() };
        let found = match self.store.get_opts(path, head).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(self.error(path, "tell about", &error)),
        };
        if found.meta.size != size {
            let there = found.meta.size;
            let found = format!("{path} is there with {there} bytes, ours has {size}; it is not overwritten");
            return Err(DeliveryError::new(Fault::NameTaken, &self.place, found));
        }
        let same = match found.attributes.get(&Attribute::Metadata(HASH_KEY.into())) {
            Some(hash) => hash.as_ref() == hex::encode(item.sha256),
            None => self.hash(path).await? == item.sha256,
        };
        if same {
            return Ok(true);
        }
        let found = format!("{path} is there with other content; it is not overwritten");
        Err(DeliveryError::new(Fault::NameTaken, &self.place, found))
    }

    async fn hash(&self, path: &Path) -> Result<[u8; 32], DeliveryError> {
        let failed = |error: Error| self.error(path, "let us read", &error);
        let mut stream = self.store.get(path).await.map_err(failed)?.into_stream();
        let mut hash = Context::new(&SHA256);
        while let Some(part) = stream.next().await {
            hash.update(&part.map_err(failed)?);
        }
        Ok(crate::hash::finished(hash))
    }

    pub(crate) async fn collect(&self, seen: Seen<'_>) -> Result<Collected, DeliveryError> {
        match &self.inbox {
            Some(inbox) => inbox::collect(self, inbox, seen).await,
            None => Ok(Collected::default()),
        }
    }

    /// Also proves that the store keeps its word: not every one knows the condition that nothing be overwritten.
    pub(crate) async fn probe(&self) -> Result<ProbeReport, DeliveryError> {
        let path = self.path(&format!("{}cobrand-probe-{}", self.prefix, std::process::id()))?;
        let put = |bytes: &'static str| {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            self.store.put_opts(&path, PutPayload::from_static(bytes.as_bytes()), options)
        };
        let mut report = ProbeReport::default();
        put("first").await.map_err(|error| self.error(&path, "take", &error))?;
        let second = put("second").await;
        let deleted = self.store.delete(&path).await;
        report.add("bucket", format!("{} can be written", self.place));
        match second {
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                report.add("nothing overwritten", "a second object of the same name is refused");
            }
            Err(error) => return Err(self.error(&path, "take", &error)),
            Ok(_) => {
                let found = "the store overwrites objects although it is told not to (`If-None-Match`)";
                return Err(DeliveryError::new(Fault::Protocol, &self.place, found));
            }
        }
        let left = if deleted.is_ok() { "nothing" } else { "the probe: we may not delete, which is well" };
        report.add("left behind", left);
        Ok(report)
    }

    pub(super) fn path(&self, key: &str) -> Result<Path, DeliveryError> {
        Path::parse(key).map_err(|error| {
            DeliveryError::new(Fault::LocalFile, &self.place, format!("`{key}` is no key: {error}"))
        })
    }

    /// What a failed request means. `step` is what was asked for, as a verb.
    pub(super) fn error(&self, path: &Path, step: &str, error: &Error) -> DeliveryError {
        let fault = match error {
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => Fault::SignInRefused,
            Error::NotFound { .. } => Fault::Refused,
            Error::InvalidPath { .. } | Error::NotImplemented { .. } | Error::NotSupported { .. } => {
                Fault::Protocol
            }
            _ => connection::fault_of(error),
        };
        let found = format!("the store did not {step} {path}: {}", foreign(&connection::reason(error)));
        DeliveryError::new(fault, &self.place, found)
    }
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3").field("place", &self.place).finish_non_exhaustive()
    }
}

fn attributes(item: &Outgoing) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, item.media_type.into());
    attributes.insert(Attribute::Metadata(HASH_KEY.into()), hex::encode(item.sha256).into());
    attributes.insert(Attribute::Metadata(DELIVERY_KEY.into()), item.key.clone().into());
    attributes
}

async fn send_parts(
    upload: &mut dyn MultipartUpload,
    item: &Outgoing,
    size: u64,
) -> Result<Result<(), Error>, DeliveryError> {
    let part = usize::try_from(PART_BYTES.max(size.div_ceil(PARTS_MAX))).map_err(|_| {
        DeliveryError::new(Fault::TooLarge, &item.name, "it is larger than this machine can address")
    })?;
    let mut source = item.open().await?;
    while let Some(chunk) = source.chunk(part).await? {
        if let Err(error) = upload.put_part(PutPayload::from(chunk)).await {
            return Ok(Err(error));
        }
    }
    source.finish()?;
    Ok(upload.complete().await.map(drop))
}
