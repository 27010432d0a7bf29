package io.hailstorm.log;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.subtle.AesGcmJce;
import com.google.crypto.tink.subtle.Random;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The key-encryption keys of a log: a Tink keyset of AES-GCM keys in Tink's JSON format, as {@code tinkey create-keyset
 * --key-template AES256_GCM} makes it. Its primary key wraps the data key of every new segment; the others unwrap those of
 * older ones. Immutable; any thread.
 *
 * <p>Only the envelope is read here, so that no protobuf runtime is needed: an AES-GCM key's message is {@code 1A length
 * key}. What a key wraps starts with Tink's prefix, {@code 01} and the key's id.
 */
public final class LogKeyset {
    /** No keys: new segments are not encrypted, encrypted ones cannot be read. */
    public static final LogKeyset NONE = new LogKeyset(List.of(), 0, "no keyset was given");

    private static final String TYPE_URL = "type.googleapis.com/google.crypto.tink.AesGcmKey";
    private static final String ENABLED = "ENABLED";
    private static final byte TINK_PREFIX = 1;
    private static final int PREFIX_LENGTH = 1 + Integer.BYTES;
    private static final byte KEY_VALUE_TAG = 0x1A;
    private static final int NEW_KEY_BYTES = 32;

    private final List<Key> keys;
    private final int primaryId;
    private final String origin;

    /** One key of the set; {@code id} as Tink prints it, unsigned. */
    public record KeyInfo(long id, String status, boolean primary) {}

    @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
    private record Key(int id, String status, byte[] secret) {
        boolean isEnabled() {
            return status.equals(ENABLED);
        }
    }

    private LogKeyset(List<Key> keys, int primaryId, String origin) {
        this.keys = List.copyOf(keys);
        this.primaryId = primaryId;
        this.origin = origin;
    }

    /**
     * @param origin where the text was found, for messages
     * @throws HailstormException {@code INVALID_ARGUMENT} when it is not a keyset of AES-GCM keys
     */
    public static LogKeyset parse(String json, String origin) {
        try {
            JsonObject root = JsonParser.parseString(json).getAsJsonObject();
            List<Key> keys = new ArrayList<>();
            for (JsonElement each : root.getAsJsonArray("key")) {
                keys.add(parseKey(each.getAsJsonObject()));
            }
            LogKeyset parsed =
                    new LogKeyset(keys, (int) root.get("primaryKeyId").getAsLong(), origin);
            if (!parsed.holds(parsed.primaryId)) {
                throw new JsonParseException("its primary key is missing or not enabled");
            }
            return parsed;
        } catch (JsonParseException
                | IllegalStateException
                | IllegalArgumentException
                | NullPointerException
                | UnsupportedOperationException e) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    origin + ": not a Tink JSON keyset of AES-GCM keys (" + e.getMessage()
                            + "); make one with hailstorm log keys rotate --keyset FILE",
                    e);
        }
    }

    private static Key parseKey(JsonObject key) {
        JsonObject data = key.getAsJsonObject("keyData");
        String prefix = key.get("outputPrefixType").getAsString();
        if (!data.get("typeUrl").getAsString().equals(TYPE_URL) || !prefix.equals("TINK")) {
            throw new JsonParseException("expected keys of type " + TYPE_URL + " with prefix TINK");
        }
        byte[] message = Base64.getDecoder().decode(data.get("value").getAsString());
        boolean isPlausible = (message.length == 2 + 16 || message.length == 2 + 32)
                && message[0] == KEY_VALUE_TAG
                && message[1] == message.length - 2;
        if (!isPlausible) {
            throw new JsonParseException("expected keys of 16 or 32 bytes");
        }
        byte[] secret = new byte[message.length - 2];
        System.arraycopy(message, 2, secret, 0, secret.length);
        return new Key((int) key.get("keyId").getAsLong(), key.get("status").getAsString(), secret);
    }

    /** A set of one new key. */
    public static LogKeyset generate(String origin) {
        return new LogKeyset(List.of(), 0, origin).rotated();
    }

    /** The same keys and a new one, which becomes the primary. */
    public LogKeyset rotated() {
        int id = Random.randInt();
        while (id == 0 || hasId(id)) {
            id = Random.randInt();
        }
        List<Key> more = new ArrayList<>(keys);
        more.add(new Key(id, ENABLED, Random.randBytes(NEW_KEY_BYTES)));
        return new LogKeyset(more, id, origin);
    }

    private boolean hasId(int id) {
        return keys.stream().anyMatch(key -> key.id == id);
    }

    /** The set as Tink's JSON. It holds the keys in the clear: guard it like one. */
    public String json() {
        JsonArray array = new JsonArray();
        for (Key key : keys) {
            byte[] message = ByteBuffer.allocate(2 + key.secret.length)
                    .put(KEY_VALUE_TAG)
                    .put((byte) key.secret.length)
                    .put(key.secret)
                    .array();
            JsonObject data = new JsonObject();
            data.addProperty("typeUrl", TYPE_URL);
            data.addProperty("value", Base64.getEncoder().encodeToString(message));
            data.addProperty("keyMaterialType", "SYMMETRIC");
            JsonObject entry = new JsonObject();
            entry.add("keyData", data);
            entry.addProperty("status", key.status);
            entry.addProperty("keyId", Integer.toUnsignedLong(key.id));
            entry.addProperty("outputPrefixType", "TINK");
            array.add(entry);
        }
        JsonObject root = new JsonObject();
        root.addProperty("primaryKeyId", Integer.toUnsignedLong(primaryId));
        root.add("key", array);
        return root.toString();
    }

    public boolean isEmpty() {
        return keys.isEmpty();
    }

    public List<KeyInfo> keys() {
        return keys.stream()
                .map(key -> new KeyInfo(Integer.toUnsignedLong(key.id), key.status, key.id == primaryId))
                .toList();
    }

    int primaryKeyId() {
        return primaryId;
    }

    boolean holds(int keyId) {
        return keys.stream().anyMatch(key -> key.id == keyId && key.isEnabled());
    }

    private Aead aead(int keyId) throws GeneralSecurityException {
        for (Key key : keys) {
            if (key.id == keyId && key.isEnabled()) {
                return new AesGcmJce(key.secret);
            }
        }
        throw new GeneralSecurityException("no enabled key " + Integer.toUnsignedString(keyId));
    }

    /** By the primary key. */
    byte[] wrap(byte[] dataKey, byte[] context) {
        try {
            byte[] sealed = aead(primaryId).encrypt(dataKey, context);
            return ByteBuffer.allocate(PREFIX_LENGTH + sealed.length)
                    .put(TINK_PREFIX)
                    .putInt(primaryId)
                    .put(sealed)
                    .array();
        } catch (GeneralSecurityException e) {
            throw new HailstormException(ErrorCode.INTERNAL, origin + ": cannot wrap a data key", e);
        }
    }

    byte[] unwrap(byte[] wrapped, byte[] context) throws GeneralSecurityException {
        ByteBuffer in = ByteBuffer.wrap(wrapped);
        if (wrapped.length <= PREFIX_LENGTH || in.get() != TINK_PREFIX) {
            throw new GeneralSecurityException("no prefix of a Tink key");
        }
        int keyId = in.getInt();
        byte[] sealed = new byte[in.remaining()];
        in.get(sealed);
        return aead(keyId).decrypt(sealed, context);
    }

    /** Where the keys came from. */
    @Override
    public String toString() {
        return origin;
    }
}
