//! `check` and `migrate`.

use anyhow::Context;

use crate::{assembly::Assembly, cli::ConfigArgs, config::Config, observe};

/// Brings the database to the newest migration.
pub async fn migrate(args: &ConfigArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    observe::logs(&config.log, None)?;
    let database = crate::assembly::database(&config)?;
    let mut client =
        store::connect(&database).await.context("cannot reach PostgreSQL as database.connection says")?;
    let applied = store::migrate(&mut client).await?;
    println!("migrations: {applied} applied, {} known", store::MIGRATIONS.len());
    Ok(())
}

/// Checks layer by layer and stops at the first that fails.
pub async fn check(args: &ConfigArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    println!("configuration  ok   {}", args.config.display());
    let assembly = Assembly::load(config, gateway::Clock::System).await?;
    println!("database       ok   reachable, numbers allotted");
    for loaded in &assembly.programs {
        let tests = loaded.file.tests.len();
        println!(
            "program        ok   {} {} ({tests} tests pass)",
            loaded.setup.code,
            loaded.file.program.hash.short()
        );
    }
    for file in &assembly.differing {
        println!("program        NOTE {}", file.advice());
    }
    assembly.known_card_keys().await?;
    assembly.tls()?;
    assembly.console_tls()?;
    super::serve::check_access(&assembly.config.console)?;
    println!("keys and TLS   ok   {} links", assembly.links.len());
    for partner in assembly.connect_partners()? {
        let ways = partner.file.endpoint_names().join(", ");
        let outputs = partner.outputs.names().join(", ");
        println!("partner        ok   {} ({ways}); gets {outputs}", partner.file.code);
    }
    let config = &assembly.config;
    drop(assembly.bind_api().await?);
    drop(assembly.bind_partner_api().await?);
    for (role, address) in [
        ("gateway", config.gateway.listen),
        ("console", config.console.listen),
        ("admin", config.admin.listen),
    ] {
        let free = tokio::net::TcpListener::bind(address).await;
        free.with_context(|| format!("{role} cannot listen on {address}; is it running already?"))?;
    }
    println!("ports          ok   free");
    Ok(())
}
