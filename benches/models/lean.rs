//! The models of the pages that the bench reads, as a program without this crate would write them.
//!
//! Each struct has all properties that Graph's description declares, as an `Option` of the usual
//! type. Values that do not fit are errors, and unknown properties are dropped.

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A page of a collection.
#[derive(Deserialize, Serialize)]
pub struct Page<T> {
    #[serde(rename = "@odata.context", skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    pub next_link: Option<String>,
    pub value: Vec<T>,
}

/// Writes structs whose fields are all optional.
macro_rules! lean {
    ($(
        struct $name:ident {
            $($(#[$attribute:meta])* $field:ident: $of:ty,)*
        }
    )*) => {$(
        #[derive(Deserialize, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {$(
            $(#[$attribute])*
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $field: Option<$of>,
        )*}
    )*};
}

lean! {
    struct User {
        id: String,
        deleted_date_time: DateTime<Utc>,
        about_me: String,
        account_enabled: bool,
        age_group: String,
        assigned_licenses: Vec<AssignedLicense>,
        assigned_plans: Vec<AssignedPlan>,
        authorization_info: Box<AuthorizationInfo>,
        birthday: DateTime<Utc>,
        business_phones: Vec<String>,
        city: String,
        company_name: String,
        consent_provided_for_minor: String,
        country: String,
        created_date_time: DateTime<Utc>,
        creation_type: String,
        custom_security_attributes: Box<CustomSecurityAttributeValue>,
        department: String,
        device_enrollment_limit: i32,
        display_name: String,
        employee_hire_date: DateTime<Utc>,
        employee_id: String,
        employee_leave_date_time: DateTime<Utc>,
        employee_org_data: Box<EmployeeOrgData>,
        employee_type: String,
        external_user_state: String,
        external_user_state_change_date_time: DateTime<Utc>,
        fax_number: String,
        given_name: String,
        hire_date: DateTime<Utc>,
        identities: Vec<ObjectIdentity>,
        identity_parent_id: String,
        im_addresses: Vec<String>,
        interests: Vec<String>,
        is_management_restricted: bool,
        is_resource_account: bool,
        job_title: String,
        last_password_change_date_time: DateTime<Utc>,
        legal_age_group_classification: String,
        license_assignment_states: Vec<LicenseAssignmentState>,
        mail: String,
        mailbox_settings: Box<MailboxSettings>,
        mail_nickname: String,
        mobile_phone: String,
        my_site: String,
        office_location: String,
        on_premises_distinguished_name: String,
        on_premises_domain_name: String,
        on_premises_extension_attributes: Box<OnPremisesExtensionAttributes>,
        on_premises_immutable_id: String,
        on_premises_last_sync_date_time: DateTime<Utc>,
        on_premises_provisioning_errors: Vec<OnPremisesProvisioningError>,
        on_premises_sam_account_name: String,
        on_premises_security_identifier: String,
        on_premises_sync_enabled: bool,
        on_premises_user_principal_name: String,
        other_mails: Vec<String>,
        password_policies: String,
        password_profile: Box<PasswordProfile>,
        past_projects: Vec<String>,
        postal_code: String,
        preferred_data_location: String,
        preferred_language: String,
        preferred_name: String,
        print: Box<UserPrint>,
        provisioned_plans: Vec<ProvisionedPlan>,
        proxy_addresses: Vec<String>,
        responsibilities: Vec<String>,
        schools: Vec<String>,
        security_identifier: String,
        service_provisioning_errors: Vec<ServiceProvisioningError>,
        show_in_address_list: bool,
        sign_in_activity: Box<SignInActivity>,
        sign_in_sessions_valid_from_date_time: DateTime<Utc>,
        skills: Vec<String>,
        state: String,
        street_address: String,
        surname: String,
        usage_location: String,
        user_principal_name: String,
        user_type: String,
    }

    struct AssignedLicense {
        disabled_plans: Vec<Uuid>,
        sku_id: Uuid,
    }

    struct AssignedPlan {
        assigned_date_time: DateTime<Utc>,
        capability_status: String,
        service: String,
        service_plan_id: Uuid,
    }

    struct AuthorizationInfo {
        certificate_user_ids: Vec<String>,
    }

    struct CustomSecurityAttributeValue {
    }

    struct EmployeeOrgData {
        cost_center: String,
        division: String,
    }

    struct ObjectIdentity {
        issuer: String,
        issuer_assigned_id: String,
        sign_in_type: String,
    }

    struct LicenseAssignmentState {
        assigned_by_group: String,
        disabled_plans: Vec<Uuid>,
        error: String,
        last_updated_date_time: DateTime<Utc>,
        sku_id: Uuid,
        state: String,
    }

    struct MailboxSettings {
        archive_folder: String,
        automatic_replies_setting: Box<AutomaticRepliesSetting>,
        date_format: String,
        delegate_meeting_message_delivery_options: DelegateMeetingMessageDeliveryOptions,
        language: Box<LocaleInfo>,
        time_format: String,
        time_zone: String,
        user_purpose: UserPurpose,
        working_hours: Box<WorkingHours>,
    }

    struct AutomaticRepliesSetting {
        external_audience: ExternalAudienceScope,
        external_reply_message: String,
        internal_reply_message: String,
        scheduled_end_date_time: Box<DateTimeTimeZone>,
        scheduled_start_date_time: Box<DateTimeTimeZone>,
        status: AutomaticRepliesStatus,
    }

    struct DateTimeTimeZone {
        date_time: String,
        time_zone: String,
    }

    struct LocaleInfo {
        display_name: String,
        locale: String,
    }

    struct WorkingHours {
        days_of_week: Vec<DayOfWeek>,
        end_time: NaiveTime,
        start_time: NaiveTime,
        time_zone: Box<TimeZoneBase>,
    }

    struct TimeZoneBase {
        name: String,
    }

    struct OnPremisesExtensionAttributes {
        extension_attribute1: String,
        extension_attribute10: String,
        extension_attribute11: String,
        extension_attribute12: String,
        extension_attribute13: String,
        extension_attribute14: String,
        extension_attribute15: String,
        extension_attribute2: String,
        extension_attribute3: String,
        extension_attribute4: String,
        extension_attribute5: String,
        extension_attribute6: String,
        extension_attribute7: String,
        extension_attribute8: String,
        extension_attribute9: String,
    }

    struct OnPremisesProvisioningError {
        category: String,
        occurred_date_time: DateTime<Utc>,
        property_causing_error: String,
        value: String,
    }

    struct PasswordProfile {
        force_change_password_next_sign_in: bool,
        force_change_password_next_sign_in_with_mfa: bool,
        password: String,
    }

    struct UserPrint {
    }

    struct ProvisionedPlan {
        capability_status: String,
        provisioning_status: String,
        service: String,
    }

    struct ServiceProvisioningError {
        created_date_time: DateTime<Utc>,
        is_resolved: bool,
        service_instance: String,
    }

    struct SignInActivity {
        last_non_interactive_sign_in_date_time: DateTime<Utc>,
        last_non_interactive_sign_in_request_id: String,
        last_sign_in_date_time: DateTime<Utc>,
        last_sign_in_request_id: String,
        last_successful_sign_in_date_time: DateTime<Utc>,
        last_successful_sign_in_request_id: String,
    }

    struct Message {
        id: String,
        categories: Vec<String>,
        change_key: String,
        created_date_time: DateTime<Utc>,
        last_modified_date_time: DateTime<Utc>,
        bcc_recipients: Vec<Recipient>,
        body: Box<ItemBody>,
        body_preview: String,
        cc_recipients: Vec<Recipient>,
        conversation_id: String,
        conversation_index: String,
        flag: Box<FollowupFlag>,
        from: Box<Recipient>,
        has_attachments: bool,
        importance: Importance,
        inference_classification: InferenceClassificationType,
        internet_message_headers: Vec<InternetMessageHeader>,
        internet_message_id: String,
        is_delivery_receipt_requested: bool,
        is_draft: bool,
        is_read: bool,
        is_read_receipt_requested: bool,
        parent_folder_id: String,
        received_date_time: DateTime<Utc>,
        reply_to: Vec<Recipient>,
        sender: Box<Recipient>,
        sent_date_time: DateTime<Utc>,
        subject: String,
        to_recipients: Vec<Recipient>,
        unique_body: Box<ItemBody>,
        web_link: String,
    }

    struct Recipient {
        email_address: Box<EmailAddress>,
    }

    struct EmailAddress {
        address: String,
        name: String,
    }

    struct ItemBody {
        content: String,
        content_type: BodyType,
    }

    struct FollowupFlag {
        completed_date_time: Box<DateTimeTimeZone>,
        due_date_time: Box<DateTimeTimeZone>,
        flag_status: FollowupFlagStatus,
        start_date_time: Box<DateTimeTimeZone>,
    }

    struct InternetMessageHeader {
        name: String,
        value: String,
    }

    struct DriveItem {
        id: String,
        created_by: Box<IdentitySet>,
        created_date_time: DateTime<Utc>,
        description: String,
        #[serde(rename = "eTag")]
        etag: String,
        last_modified_by: Box<IdentitySet>,
        last_modified_date_time: DateTime<Utc>,
        name: String,
        parent_reference: Box<ItemReference>,
        web_url: String,
        audio: Box<Audio>,
        bundle: Box<Bundle>,
        content: String,
        #[serde(rename = "cTag")]
        ctag: String,
        deleted: Box<Deleted>,
        file: Box<File>,
        file_system_info: Box<FileSystemInfo>,
        folder: Box<Folder>,
        image: Box<Image>,
        location: Box<GeoCoordinates>,
        malware: Box<Malware>,
        package: Box<Package>,
        pending_operations: Box<PendingOperations>,
        photo: Box<Photo>,
        publication: Box<PublicationFacet>,
        remote_item: Box<RemoteItem>,
        root: Box<Root>,
        search_result: Box<SearchResult>,
        shared: Box<Shared>,
        sharepoint_ids: Box<SharepointIds>,
        size: i64,
        special_folder: Box<SpecialFolder>,
        video: Box<Video>,
        web_dav_url: String,
    }

    struct IdentitySet {
        application: Box<Identity>,
        device: Box<Identity>,
        user: Box<Identity>,
    }

    struct Identity {
        // The description lacks it.
        email: String,
        display_name: String,
        id: String,
    }

    struct ItemReference {
        drive_id: String,
        drive_type: String,
        id: String,
        name: String,
        path: String,
        share_id: String,
        sharepoint_ids: Box<SharepointIds>,
        site_id: String,
    }

    struct SharepointIds {
        list_id: String,
        list_item_id: String,
        list_item_unique_id: String,
        site_id: String,
        site_url: String,
        tenant_id: String,
        web_id: String,
    }

    struct Audio {
        album: String,
        album_artist: String,
        artist: String,
        bitrate: i64,
        composers: String,
        copyright: String,
        disc: i16,
        disc_count: i16,
        duration: i64,
        genre: String,
        has_drm: bool,
        is_variable_bitrate: bool,
        title: String,
        track: i32,
        track_count: i32,
        year: i32,
    }

    struct Bundle {
        album: Box<Album>,
        child_count: i32,
    }

    struct Album {
        cover_image_item_id: String,
    }

    struct Deleted {
        state: String,
    }

    struct File {
        hashes: Box<Hashes>,
        mime_type: String,
        processing_metadata: bool,
    }

    struct Hashes {
        crc32_hash: String,
        quick_xor_hash: String,
        sha1_hash: String,
        sha256_hash: String,
    }

    struct FileSystemInfo {
        created_date_time: DateTime<Utc>,
        last_accessed_date_time: DateTime<Utc>,
        last_modified_date_time: DateTime<Utc>,
    }

    struct Folder {
        child_count: i32,
        view: Box<FolderView>,
    }

    struct FolderView {
        sort_by: String,
        sort_order: String,
        view_type: String,
    }

    struct Image {
        height: i32,
        width: i32,
    }

    struct GeoCoordinates {
        altitude: f64,
        latitude: f64,
        longitude: f64,
    }

    struct Malware {
        description: String,
    }

    struct Package {
        type_: String,
    }

    struct PendingOperations {
        pending_content_update: Box<PendingContentUpdate>,
    }

    struct PendingContentUpdate {
        queued_date_time: DateTime<Utc>,
    }

    struct Photo {
        camera_make: String,
        camera_model: String,
        exposure_denominator: f64,
        exposure_numerator: f64,
        f_number: f64,
        focal_length: f64,
        iso: i32,
        orientation: i16,
        taken_date_time: DateTime<Utc>,
    }

    struct PublicationFacet {
        checked_out_by: Box<IdentitySet>,
        level: String,
        version_id: String,
    }

    struct RemoteItem {
        created_by: Box<IdentitySet>,
        created_date_time: DateTime<Utc>,
        file: Box<File>,
        file_system_info: Box<FileSystemInfo>,
        folder: Box<Folder>,
        id: String,
        image: Box<Image>,
        last_modified_by: Box<IdentitySet>,
        last_modified_date_time: DateTime<Utc>,
        name: String,
        package: Box<Package>,
        parent_reference: Box<ItemReference>,
        shared: Box<Shared>,
        sharepoint_ids: Box<SharepointIds>,
        size: i64,
        special_folder: Box<SpecialFolder>,
        video: Box<Video>,
        web_dav_url: String,
        web_url: String,
    }

    struct Shared {
        owner: Box<IdentitySet>,
        scope: String,
        shared_by: Box<IdentitySet>,
        shared_date_time: DateTime<Utc>,
    }

    struct SpecialFolder {
        name: String,
    }

    struct Video {
        audio_bits_per_sample: i32,
        audio_channels: i32,
        audio_format: String,
        audio_samples_per_second: i32,
        bitrate: i32,
        duration: i64,
        #[serde(rename = "fourCC")]
        four_cc: String,
        frame_rate: f64,
        height: i32,
        width: i32,
    }

    struct Root {
    }

    struct SearchResult {
        on_click_telemetry_url: String,
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ExternalAudienceScope {
    None,
    ContactsOnly,
    All,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AutomaticRepliesStatus {
    Disabled,
    AlwaysEnabled,
    Scheduled,
}

// The names are Graph's.
#[allow(clippy::enum_variant_names)]
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DelegateMeetingMessageDeliveryOptions {
    SendToDelegateAndInformationToPrincipal,
    SendToDelegateAndPrincipal,
    SendToDelegateOnly,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum UserPurpose {
    User,
    Linked,
    Shared,
    Room,
    Equipment,
    Others,
    UnknownFutureValue,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DayOfWeek {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BodyType {
    Text,
    Html,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FollowupFlagStatus {
    NotFlagged,
    Complete,
    Flagged,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Importance {
    Low,
    Normal,
    High,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum InferenceClassificationType {
    Focused,
    Other,
}
