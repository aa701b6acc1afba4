package leanvit.vit.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.Map;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;

/**
 * A run's file, from which it goes on: safetensors, written whole, so that at every moment there is a good one. Its
 * metadata say which run it is of: settings by name, such as the model, the data and the options that change the
 * result. A file of another run is refused by the first setting that differs.
 *
 * <pre>{@code
 * TrainingCheckpoint checkpoint = new TrainingCheckpoint("train vit")
 *         .setting("lr", 0.001).setting("model", TrainingCheckpoint.fingerprint(values))
 *         .part("optimizer.", optimizer).part("", parameters);
 * long step = checkpoint.resume(file);      // or save(file, step)
 * }</pre>
 *
 * <p>Not safe for use by several threads at once.
 */
public final class TrainingCheckpoint {

    private static final String KIND = "leanvit.training";
    private static final String SETTING = "run.";
    private static final String STEP = "step";
    /** Characters of a setting that are shown whole, and those before a difference that are shown of longer ones. */
    private static final int LONG = 80;
    private static final int BEFORE = 24;

    private final String kind;
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final Map<String, TrainingState> parts = new LinkedHashMap<>();

    /**
     * Makes one without settings or parts.
     *
     * @param kind what is trained and by which form of file, such as {@code train ltmp 1}
     */
    public TrainingCheckpoint(String kind) {
        this.kind = kind;
    }

    /** Adds a setting that makes another run of this one; its text is what {@code String.valueOf} says. */
    public TrainingCheckpoint setting(String name, Object value) {
        settings.put(name, String.valueOf(value));
        return this;
    }

    /**
     * Adds a part of the state.
     *
     * @param prefix what stands before its tensors' names; no two parts may share one
     */
    public TrainingCheckpoint part(String prefix, TrainingState state) {
        if (parts.putIfAbsent(prefix, state) != null) {
            throw new IllegalArgumentException("a part with the prefix " + prefix + " is there");
        }
        return this;
    }

    /** Returns an array of values as a part: one tensor {@code values}, changed in place when it is read. */
    public static TrainingState values(float[] values) {
        return new TrainingState() {
            @Override
            public void addTo(SafeTensorsWriter file, String prefix) {
                file.floats(prefix + "values", values, values.length);
            }

            @Override
            public void readFrom(SafeTensors file, String prefix) throws IOException {
                StateTensors.read(file, prefix + "values", values);
            }
        };
    }

    /** Returns the SHA-256 of values' bits, in hexadecimal digits: to tell a model's weights from others. */
    public static String fingerprint(float[] values) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer bytes = ByteBuffer.allocate(1 << 14);
            for (float value : values) {
                if (bytes.remaining() < Float.BYTES) {
                    digest.update(bytes.flip());
                    bytes.clear();
                }
                bytes.putInt(Float.floatToRawIntBits(value));
            }
            digest.update(bytes.flip());
            return hex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Returns the SHA-256 of a text, in hexadecimal digits: for a setting that is long, such as a list of files. */
    public static String fingerprint(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(text.getBytes(StandardCharsets.UTF_8));
            return hex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String hex(MessageDigest digest) {
        StringBuilder hex = new StringBuilder();
        for (byte b : digest.digest()) {
            hex.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return hex.toString();
    }

    /** Says what is there and what was expected, of long texts from a little before where they part. */
    private static String difference(String found, String expected) {
        int same = 0;
        while (same < Math.min(found.length(), expected.length()) && found.charAt(same) == expected.charAt(same)) {
            same++;
        }
        int from = Math.max(found.length(), expected.length()) <= LONG ? 0 : Math.max(0, same - BEFORE);
        String begin = from == 0 ? "" : "...";
        return JsonWriter.quoteShort(begin + found.substring(from)) + ", expected "
                + JsonWriter.quoteShort(begin + expected.substring(from));
    }

    /**
     * Writes the file whole; where that fails, as on a full disk, the one that was there stays.
     *
     * @param step how many steps are done
     * @throws IOException if it cannot be written
     */
    public void save(Path file, long step) throws IOException {
        SafeTensorsWriter writer = new SafeTensorsWriter().metadata(KIND, kind);
        settings.forEach((name, value) -> writer.metadata(SETTING + name, value));
        writer.longs(STEP, new long[] {step}, 1);
        parts.forEach((prefix, state) -> state.addTo(writer, prefix));
        writer.write(file);
    }

    /**
     * Reads the file into the parts.
     *
     * @return how many steps are done
     * @throws InvalidInputException if it is missing, no checkpoint of a run, or of another run: by the name of the
     *                               setting, with both values
     * @throws IOException           if it cannot be read
     */
    public long resume(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new InvalidInputException(file, "no such file");
        }
        try (SafeTensors tensors = SafeTensors.open(file)) {
            Map<String, String> found = tensors.metadata();
            if (!kind.equals(found.get(KIND))) {
                throw new InvalidInputException(file, "expected a checkpoint of \"" + kind + "\", came "
                        + (found.get(KIND) == null ? "none of a run" : JsonWriter.quoteShort(found.get(KIND))));
            }
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                String value = found.get(SETTING + setting.getKey());
                if (!setting.getValue().equals(value)) {
                    throw new InvalidInputException(file, "a checkpoint of another run: " + setting.getKey() + " is "
                            + (value == null ? "not said there, expected " + JsonWriter.quoteShort(setting.getValue())
                            : difference(value, setting.getValue())));
                }
            }
            for (String name : found.keySet()) {
                if (name.startsWith(SETTING) && !settings.containsKey(name.substring(SETTING.length()))) {
                    throw new InvalidInputException(file, "a checkpoint of another run: it has a setting "
                            + JsonWriter.quoteShort(name.substring(SETTING.length())) + ", which this one has not");
                }
            }
            for (Map.Entry<String, TrainingState> part : parts.entrySet()) {
                part.getValue().readFrom(tensors, part.getKey());
            }
            long step = StateTensors.read(tensors, STEP);
            if (step < 0) {
                throw new InvalidInputException(file, "tensor \"" + STEP + "\": " + step + ", expected 0 or more");
            }
            return step;
        }
    }
}
