//! Uploads to other places than drives.

use http::{Method, StatusCode};
use msgraph::Model;
use msgraph::models::actions::{AttachmentCreateUploadSession, PrintDocumentCreateUploadSession};
use msgraph::models::{
    AttachmentItem, AttachmentType, PrintDocument, PrintDocumentUploadProperties,
};
use msgraph_simulator::Fault;
use serde_json::json;

use super::{UNIT, impatient, slices};
use crate::support::simulated::{bytes, start};

fn attachment(size: usize) -> AttachmentCreateUploadSession {
    let item = AttachmentItem {
        attachment_type: Some(AttachmentType::File),
        name: Some("flower.jpg".into()),
        size: Some(size as i64),
        content_type: Some("image/jpeg".into()),
        ..Default::default()
    };
    AttachmentCreateUploadSession {
        attachment_item: Some(item.into()),
        ..Default::default()
    }
}

#[tokio::test]
async fn print_document_is_uploaded_unchanged() {
    let (_simulator, graph) = start().await;
    let share = json!({ "displayName": "Printer" });
    let share = graph
        .request(Method::POST, "/print/shares")
        .body_json(&share);
    let share: serde_json::Value = share.json().await.unwrap();
    let shares = graph.print().shares().id(share["id"].as_str().unwrap());
    let job = json!({ "documents": [{ "displayName": "a" }] });
    let job = shares
        .jobs()
        .create(Default::default())
        .body_json(&job)
        .await
        .unwrap();
    let documents = shares.jobs().id(job.id.unwrap()).documents();
    let document = documents.list().await.unwrap().value.remove(0).id.unwrap();
    let data = bytes(2 * UNIT + 1);
    let properties = PrintDocumentUploadProperties {
        document_name: Some("a.pdf".into()),
        content_type: Some("application/pdf".into()),
        size: Some(data.len() as i64),
        ..Default::default()
    };
    let body = PrintDocumentCreateUploadSession {
        properties: Some(properties.into()),
        ..Default::default()
    };
    let call = documents.id(&document).create_upload_session(body);
    let uploaded = impatient(call.upload(data)).await.unwrap();
    let made: PrintDocument = uploaded.item().unwrap().unwrap();
    assert_eq!(made.id, Some(document));
}

// Reported: microsoftgraph/msgraph-sdk-dotnet-core#554, microsoftgraph/msgraph-sdk-python-core#718.
#[tokio::test]
async fn attachment_upload_ends_with_its_location() {
    let (simulator, graph) = start().await;
    let data = bytes(3_500_000);
    let subject = msgraph::models::Message {
        subject: Some("With a file".into()),
        ..Default::default()
    };
    let message = graph.me().messages().create(subject).await.unwrap();
    let attachments = graph.me().messages().id(message.id.unwrap()).attachments();
    let call = attachments.create_upload_session(attachment(data.len()));
    let uploaded = call.upload(data.clone()).await.unwrap();
    assert_eq!(uploaded.response().status(), StatusCode::CREATED);
    assert!(uploaded.response().bytes().is_empty());
    assert!(uploaded.location().unwrap().contains("ttachments"));
    let read = attachments.id(uploaded.id().unwrap()).get().await.unwrap();
    assert_eq!(
        (read.name.as_deref(), read.size),
        (Some("flower.jpg"), Some(3_500_000))
    );
    let read = read
        .downcast::<msgraph::models::FileAttachment>()
        .unwrap()
        .unwrap();
    assert_eq!(read.content_bytes.unwrap().as_ref(), data);
    // The slices have the size that Outlook takes.
    let sizes: Vec<_> = slices(&simulator)
        .iter()
        .map(|slice| slice.body.len())
        .collect();
    assert_eq!(sizes, [3_276_800, 223_200]);

    let subject = msgraph::models::Event {
        subject: Some("With a file".into()),
        ..Default::default()
    };
    let event = graph.me().events().create(subject).await.unwrap();
    let attachments = graph.me().events().id(event.id.unwrap()).attachments();
    let call = attachments.create_upload_session(attachment(data.len()));
    // Outlook writes its ranges without a dash, and uses its own property names.
    simulator.fault(Fault::lost().method(Method::PUT).at("/upload/*"));
    let uploaded = impatient(call.upload(data)).await.unwrap();
    assert!(uploaded.id().is_some() && uploaded.is_committed());
}
