CREATE TRIGGER identities_identity_metadata
    AFTER UPDATE OF metadata ON identities_identity
    FOR EACH ROW WHEN (old.metadata IS DISTINCT FROM new.metadata)
    EXECUTE FUNCTION audit_keep_metadata('idt_', 'identity.metadata_changed');
