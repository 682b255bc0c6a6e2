//! The requests to a webhook.

use arbitrary::Unstructured;
use msgraph::notifications::{Receiver, validation_response};

use super::{Fault, Outcome, World, measured, printable};
use crate::input::Choices;
use crate::json::damage;

pub(super) async fn notification(world: &World, bytes: &[u8]) -> Outcome {
    const BODIES: &[&str] = &[
        r#"{"value":[{"subscriptionId":"1","clientState":"state","changeType":"created",
            "resource":"me/messages","tenantId":"t",
            "subscriptionExpirationDateTime":"2099-01-01T00:00:00Z"}]}"#,
        r#"{"value":[{"clientState":"state","encryptedContent":{"data":"AAAA",
            "dataSignature":"AAAA","dataKey":"AAAA","encryptionCertificateId":"c"}}],
            "validationTokens":["a.b.c"]}"#,
        r#"{"value":[{"clientState":"state","lifecycleEvent":"missed"}],
            "validationTokens":["eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.AAAA",null,7]}"#,
        r#"{"value":[]}"#,
        r#"{"value":[{"clientState":1}]}"#,
        "{}",
    ];
    let mut input = Unstructured::new(bytes);
    let text = (*input.pick(BODIES)).to_owned();
    let body = match input.once_in(4) {
        true => text.into_bytes(),
        false => damage(text, &mut input),
    };
    // The keys of the identity platform are not available, so signed content is refused.
    world.canned.set([]);
    let receiver = Receiver::new(&world.graph)
        .client_state("state")
        .application("11111111-1111-1111-1111-111111111111");
    let (outcome, checked) = measured(body.len(), receiver.receive(&body)).await;
    checked?;
    match outcome {
        Ok(notifications) => {
            for notification in notifications {
                let _ = format!("{notification:?}");
                if notification
                    .resource::<serde_json::Value>()
                    .is_ok_and(|found| found.is_some())
                {
                    return Err((
                        Fault::Leak,
                        "content that no key can decrypt was read".to_owned(),
                    ));
                }
            }
            Ok(())
        }
        Err(error) => printable(&error),
    }
}

pub(super) async fn handshake(_: &World, bytes: &[u8]) -> Outcome {
    let mut input = Unstructured::new(bytes);
    let text = input.text();
    let encoded: String = url_encoded(&text);
    let query = format!(
        "{}validationToken={encoded}&x={}",
        input.word(&["", "a=b&", "&"]),
        input.text()
    );
    match validation_response(&query) {
        Some(answer) if answer == text => Ok(()),
        // A text that could be read as another media type is refused.
        None => Ok(()),
        Some(answer) => Err((Fault::Lost, format!("{answer:?} for {text:?}"))),
    }
}

fn url_encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
