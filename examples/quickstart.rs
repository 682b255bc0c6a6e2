//! Signs in and calls typed endpoints.
//!
//! By default, it starts the simulator and shows four ways to sign in, reading, writing and an
//! error. With `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` set, or another
//! credential that `EnvironmentCredential` supports, the reading part runs against the real
//! Microsoft Graph. The application needs the permission `User.Read.All`.

use msgraph::auth::{
    AccessToken, AccessTokenCredential, ClientSecretCredential, EnvironmentCredential,
    RefreshTokenCredential, Secret, TokenRequest,
};
use msgraph::models::{PasswordProfile, User};
use msgraph::{Error, Graph, GraphBuilder, Model, Result};
use msgraph_simulator::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let graph = Graph::new(EnvironmentCredential::new());
    match graph.sign_in().await {
        Ok(()) => {
            println!("Microsoft Graph, with the application of the environment\n");
            return Ok(read(&graph).await?);
        }
        // The environment does not configure a credential.
        Err(Error::SignIn(error)) if error.is_unavailable() => {}
        Err(error) => return Err(error.into()),
    }

    let simulator = Simulator::start().await?;
    println!("A simulated Microsoft Graph at {}\n", simulator.url());
    let graph = sign_in(&simulator).await?;
    read(&graph).await?;
    write(&graph).await?;
    fail(&graph).await;
    Ok(())
}

/// Shows four ways to sign in, and returns the client of the first.
async fn sign_in(simulator: &Simulator) -> Result<Graph> {
    println!("Sign in");
    let cloud = simulator.cloud();
    let client = |builder: GraphBuilder| builder.cloud(cloud.clone()).build();
    let known = simulator.credentials();

    // A program that acts for itself.
    let secret =
        ClientSecretCredential::new(&*known.domain, &*known.client_id, &*known.client_secret);
    let graph = client(Graph::builder(secret))?;
    graph.sign_in().await?;
    println!("  client secret: signed in");

    // A token from another source, which the client requests each time that it needs one.
    let elsewhere = simulator.user_token();
    let token = AccessTokenCredential::from_fn(move || {
        let token = elsewhere.clone();
        async move { Ok::<_, msgraph::Error>(token) }
    });
    let me = client(Graph::builder(token))?.me().get().await?;
    println!("  access token:  as {}", text(&me.display_name));

    // An existing session of a user. A new refresh token comes with each access token: store it.
    let session =
        RefreshTokenCredential::new(&*known.domain, &*known.client_id, &*known.refresh_token)
            .client_secret(&*known.client_secret)
            .on_rotation(|token: Secret<String>| async move {
                println!("  refresh token: a new one to store, {token:?}");
                Ok::<_, std::io::Error>(())
            });
    let me = client(Graph::builder(session))?.me().get().await?;
    println!("  refresh token: as {}", text(&me.display_name));

    // Any other source is a custom token provider.
    let own = simulator.app_token();
    let provider = move |_: TokenRequest| {
        let token = AccessToken::new(own.clone());
        async move { Ok(token) }
    };
    client(Graph::builder(provider))?.sign_in().await?;
    println!("  own provider:  signed in\n");
    Ok(graph)
}

/// Lists, filters, streams and reads.
async fn read(graph: &Graph) -> Result<()> {
    println!("Read");
    let page = graph
        .users()
        .list()
        .select([User::ID, User::DISPLAY_NAME, User::JOB_TITLE])
        .top(3)
        .await?;
    for user in &page {
        println!("  {}, {}", text(&user.display_name), text(&user.job_title));
    }

    let filtered = graph
        .users()
        .list()
        .filter("startswith(displayName,'A')")
        .await?;
    println!("  whose names begin with A: {}", filtered.value.len());

    // Every page is requested when it is needed: here two of them.
    let mut users = graph.users().list().top(5).stream();
    let mut streamed = 0;
    while let Some(_user) = users.try_next().await? {
        streamed += 1;
        if streamed == 10 {
            break;
        }
    }
    println!("  streamed, five a page: {streamed}");

    if let Some(id) = page.value.first().and_then(|user| user.id.as_deref()) {
        let user = graph
            .users()
            .id(id)
            .get()
            .select((User::DISPLAY_NAME, User::BUSINESS_PHONES, "city"))
            .await?;
        println!(
            "  {} lives in {}",
            text(&user.display_name),
            text(&user.city)
        );
    }
    let count = graph.users().count().await?;
    println!("  users in all: {count}\n");
    Ok(())
}

/// Creates, updates with an explicit null, and deletes.
async fn write(graph: &Graph) -> Result<()> {
    println!("Write");
    let created = graph
        .users()
        .create(User {
            account_enabled: Some(true),
            display_name: Some("Nora Quist".into()),
            mail_nickname: Some("nora".into()),
            user_principal_name: Some("nora@contoso.com".into()),
            mobile_phone: Some("+47 22 00 00 00".into()),
            password_profile: Some(Box::new(PasswordProfile {
                password: Some("Not-4-real-use".into()),
                ..Default::default()
            })),
            ..Default::default()
        })
        .await?;
    let id = created.id.as_deref().unwrap_or_default();
    println!("  created {}", text(&created.display_name));

    let mut change = User {
        city: Some("Oslo".into()),
        ..Default::default()
    };
    change.clear(User::MOBILE_PHONE);
    graph.users().id(id).update(change).await?;
    let user = graph
        .users()
        .id(id)
        .get()
        .select((User::CITY, User::MOBILE_PHONE))
        .await?;
    println!(
        "  moved to {}, mobile phone {}",
        text(&user.city),
        text(&user.mobile_phone)
    );

    graph.users().id(id).delete().await?;
    println!("  deleted\n");
    Ok(())
}

/// Shows the information in an error.
async fn fail(graph: &Graph) {
    println!("An error");
    match graph.users().id("unknown@contoso.com").get().await {
        Ok(user) => println!("  there is a {user:?}"),
        Err(error) if error.is_not_found() => println!("  not found: {error}"),
        Err(error) => println!("  {error}"),
    }
}

fn text(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("(not set)")
}
