//! Uploads a file to a drive, slice by slice, with a progress bar.
//!
//! Without arguments, it generates a file of 32 MiB and uploads it to the simulator. To upload a
//! file to a user's OneDrive, set `ACCESS_TOKEN` (a token of that user, with the permission
//! `Files.ReadWrite`) and name the file as an argument:
//!
//! ```text
//! ACCESS_TOKEN=eyJ0… cargo run --example upload_with_progress -- film.mp4
//! ```

use std::error::Error;
use std::future::IntoFuture;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc;

use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph::transfer::Progress;
use msgraph::upload::{ConflictBehavior, Source};
use msgraph_simulator::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = std::env::var("ACCESS_TOKEN").ok();
    match (token, std::env::args().nth(1)) {
        (Some(token), Some(file)) => {
            let graph = Graph::new(AccessTokenCredential::new(token));
            upload(&graph, Path::new(&file), &mut std::io::stdout()).await
        }
        _ => run(&mut std::io::stdout()).await,
    }
}

/// Uploads a made-up file to a simulated Microsoft Graph.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start().await?;
    let graph = Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(simulator.cloud())
        .build()?;

    let folder = std::env::temp_dir().join(format!("msgraph-upload-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("film.bin");
    std::fs::write(&file, vec![0x5a; 32 * 1024 * 1024])?;
    let uploaded = upload(&graph, &file, out).await;
    std::fs::remove_dir_all(&folder)?;
    uploaded
}

async fn upload(graph: &Graph, file: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.ok_or("the file name is not UTF-8")?;

    // The callback only reports the progress. The drawing is separate, because it may fail.
    let (tell, told) = mpsc::channel();
    let upload = graph
        .me()
        .drive()
        .root()
        .path(name)
        .upload(Source::file(file))
        .conflict_behavior(ConflictBehavior::Rename)
        .slice_size(5 * 1024 * 1024)
        .on_progress(move |progress| {
            let _ = tell.send(progress);
        });

    let mut upload = std::pin::pin!(upload.into_future());
    let item = loop {
        let step = tokio::time::sleep(std::time::Duration::from_millis(20));
        tokio::select! {
            item = &mut upload => break item?,
            () = step => {}
        }
        for progress in told.try_iter() {
            draw(out, progress)?;
        }
    };
    for progress in told.try_iter() {
        draw(out, progress)?;
    }
    let size = item.size.unwrap_or_default();
    writeln!(out, "\n{}: {size} bytes", item.name.unwrap_or_default())?;
    Ok(())
}

/// Draws `[########        ]  50 %`.
fn draw(out: &mut impl Write, progress: Progress) -> std::io::Result<()> {
    const WIDTH: usize = 40;
    let fraction = progress.fraction().unwrap_or_default();
    let filled = (fraction * WIDTH as f64) as usize;
    let bar = "#".repeat(filled);
    write!(out, "\r[{bar:WIDTH$}] {:3.0} %", fraction * 100.0)?;
    out.flush()
}
