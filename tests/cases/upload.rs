//! Faults that users of other SDKs reported: uploads to the simulator, and what arrives after
//! faults on the way.

use super::*;

#[tokio::test]
async fn case_5_5_sizes_around_a_slice() {
    let (simulator, graph) = start().await;
    for size in [0, 1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT] {
        simulator.forget_requests();
        let data = bytes(size);
        let name = format!("{size}.bin");
        let item = graph
            .me()
            .drive()
            .root()
            .path(&name)
            .upload(data.clone())
            .slice_size(UNIT as u64)
            .await
            .unwrap();
        assert_eq!(
            (item.name.as_deref(), item.size),
            (Some(&*name), Some(size as i64))
        );
        assert_eq!(content(&graph, &name).await, data, "{size}");
        // Content that fits into one slice goes in one request.
        let wanted: &[&str] = match size {
            327_681 => &[
                "PUT bytes 0-327679/327681",
                "PUT bytes 327680-327680/327681",
            ],
            655_360 => &[
                "PUT bytes 0-327679/655360",
                "PUT bytes 327680-655359/655360",
            ],
            _ => &[],
        };
        assert_eq!(sent(&simulator), wanted);
        let requests = simulator.requests();
        let first = &requests[0];
        if wanted.is_empty() {
            assert_eq!(
                (&first.method, first.target.as_str()),
                (
                    &Method::PUT,
                    &*format!(
                        "/v1.0/me/drive/root:/{name}:/content?@microsoft.graph.conflictBehavior=replace"
                    )
                )
            );
        }
    }
    // All sizes also go through a session, except empty content.
    for size in [1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT] {
        let (data, name) = (bytes(size), format!("s{size}.bin"));
        let session = open(&graph, &name).await;
        let upload = graph.upload_session(session).upload(data.clone());
        let uploaded = impatient(upload).await.unwrap();
        let item: DriveItem = uploaded.item().unwrap().unwrap();
        assert_eq!(item.id, uploaded.id());
        assert_eq!(content(&graph, &name).await, data, "{size}");
    }
    let session = open(&graph, "nothing").await;
    let nothing = graph.upload_session(session).upload("").await;
    assert!(
        matches!(&nothing, Err(Error::Request(error)) if error.message().contains("at least one byte")),
        "{nothing:?}"
    );
}

#[tokio::test]
async fn case_5_4_half_a_slice_is_kept() {
    let (simulator, graph) = start().await;
    let data = bytes(3 * UNIT + 5);
    // Each kind of source can give the other half once more.
    for (name, source) in [
        ("bytes", Source::from(data.clone())),
        ("seekable", Source::seekable(Cursor::new(data.clone()))),
        (
            "reader",
            Source::reader(Cursor::new(data.clone()), data.len() as u64),
        ),
    ] {
        let session = open(&graph, name).await;
        simulator.forget_requests();
        simulator.fault(Fault::kept(UNIT as u64).method(Method::PUT).at("/upload/*"));
        let upload = graph.upload_session(session).upload(source);
        upload.slice_size(2 * UNIT as u64).await.unwrap();
        assert_eq!(
            sent(&simulator),
            [
                "GET",
                "PUT bytes 0-655359/983045",
                "PUT bytes 327680-983039/983045",
                "PUT bytes 983040-983044/983045"
            ],
            "{name}"
        );
        assert_eq!(content(&graph, name).await, data, "{name}");
    }
}

#[tokio::test]
async fn case_5_4_what_is_there_already_is_asked_for_and_passed_over() {
    let (simulator, graph) = start().await;
    let data = bytes(3 * UNIT);
    for form in [
        ExpectedRanges::Usual,
        ExpectedRanges::Closed,
        ExpectedRanges::Missing,
    ] {
        simulator.set_expected_ranges(form);
        let name = format!("{form:?}");
        let session = open(&graph, &name).await;
        simulator.forget_requests();
        // The second slice is stored, and its response is lost.
        let hear = Arc::new(Mutex::new(0));
        let count = Arc::clone(&hear);
        let url = session.upload_url.clone().unwrap();
        let path = url.split('?').next().unwrap().to_owned();
        let path = path[path.find("/upload/").unwrap()..].to_owned();
        simulator.fault(Fault::lost().method(Method::PUT).at(&path));
        let upload = graph.upload_session(session).upload(data.clone());
        let upload = upload.on_progress(move |_| *count.lock().unwrap() += 1);
        impatient(upload).await.unwrap();
        let requests = sent(&simulator);
        match form {
            // The session does not name its ranges. The slice is sent again, and refused as known.
            ExpectedRanges::Missing => assert_eq!(
                requests,
                [
                    "GET",
                    "PUT bytes 0-327679/983040",
                    "GET",
                    "PUT bytes 0-327679/983040",
                    "GET",
                    "PUT bytes 327680-655359/983040",
                    "PUT bytes 655360-983039/983040"
                ]
            ),
            _ => assert_eq!(
                requests,
                [
                    "GET",
                    "PUT bytes 0-327679/983040",
                    "GET",
                    "PUT bytes 327680-655359/983040",
                    "PUT bytes 655360-983039/983040"
                ]
            ),
        }
        assert_eq!(content(&graph, &name).await, data, "{form:?}");
        assert!(*hear.lock().unwrap() >= 4);
    }
}

#[tokio::test]
async fn case_5_4_lost_bytes_are_sent_again_wherever_they_are() {
    let (simulator, graph) = shared().await;
    let data = bytes(4 * UNIT);
    let session = open(&graph, "a.bin").await;
    let handle = graph.upload_session(session);
    let upload = handle.upload(Source::seekable(Cursor::new(data.clone())));
    stopped(&simulator, upload, 3 * UNIT).await;
    simulator.lose_uploaded(1_000..2_000);
    simulator.lose_uploaded(500_000..500_010);
    simulator.forget_requests();
    let upload = handle.upload(Source::seekable(Cursor::new(data.clone())));
    impatient(upload).await.unwrap();
    let requests = sent(&simulator);
    assert_eq!(
        requests[..3],
        [
            "GET",
            "PUT bytes 1000-1999/1310720",
            "PUT bytes 500000-500009/1310720"
        ]
    );
    assert!(
        requests.last().unwrap().ends_with("-1310719/1310720"),
        "{requests:?}"
    );
    assert_eq!(content(&graph, "a.bin").await, data);
}

#[tokio::test]
async fn case_5_4_a_stored_session_goes_on_after_a_restart() {
    let (simulator, graph) = shared().await;
    let data = bytes(5 * UNIT + 17);
    for (name, source) in [
        ("file", None),
        (
            "reader",
            Some(Source::reader(Cursor::new(data.clone()), data.len() as u64)),
        ),
    ] {
        let stored = Arc::new(Mutex::new(String::new()));
        let store = Arc::clone(&stored);
        let file =
            std::env::temp_dir().join(format!("msgraph-resume-{}-{name}", std::process::id()));
        std::fs::write(&file, &data).unwrap();
        // The service fails with the third slice, and the process ends.
        let upload = graph
            .me()
            .drive()
            .root()
            .path(name)
            .upload(Source::file(&file))
            .slice_size(UNIT as u64)
            .first_wait(Duration::ZERO)
            .on_session(move |session| {
                *store.lock().unwrap() = serde_json::to_string(session).unwrap();
            })
            .on_progress(down_after(&simulator, 2 * UNIT));
        let error = upload.await.unwrap_err();
        assert_eq!(
            error.status(),
            Some(StatusCode::SERVICE_UNAVAILABLE),
            "{error}"
        );
        simulator.heal();
        simulator.forget_requests();

        let graph = user(&simulator);
        let session: UploadSession = serde_json::from_str(&stored.lock().unwrap()).unwrap();
        let source = source.unwrap_or_else(|| Source::file(&file));
        let uploaded = impatient(graph.upload_session(session).upload(source))
            .await
            .unwrap();
        assert!(uploaded.is_committed());
        let requests = sent(&simulator);
        assert_eq!(requests[0], "GET");
        assert!(
            !requests
                .iter()
                .any(|request| request.starts_with("PUT bytes 0-")),
            "{requests:?}"
        );
        assert_eq!(content(&graph, name).await, data, "{name}");
        std::fs::remove_file(file).unwrap();
    }
}

#[tokio::test]
async fn case_5_5_attachments_end_with_their_location() {
    let (simulator, graph) = start().await;
    let data = bytes(3_500_000);
    let subject = msgraph::models::Message {
        subject: Some("With a file".into()),
        ..Default::default()
    };
    let message = graph.me().messages().create(subject).await.unwrap();
    let attachments = graph.me().messages().id(&message.id.unwrap()).attachments();
    let call = attachments.create_upload_session(attachment(data.len()));
    let uploaded = call.upload(data.clone()).await.unwrap();
    assert_eq!(uploaded.response().status(), StatusCode::CREATED);
    assert!(uploaded.response().bytes().is_empty());
    assert!(uploaded.location().unwrap().contains("ttachments"));
    let read = attachments.id(&uploaded.id().unwrap()).get().await.unwrap();
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
    let attachments = graph.me().events().id(&event.id.unwrap()).attachments();
    let call = attachments.create_upload_session(attachment(data.len()));
    // Outlook writes its ranges without a dash, and uses its own property names.
    simulator.fault(Fault::lost().method(Method::PUT).at("/upload/*"));
    let uploaded = impatient(call.upload(data)).await.unwrap();
    assert!(uploaded.id().is_some() && uploaded.is_committed());
}
