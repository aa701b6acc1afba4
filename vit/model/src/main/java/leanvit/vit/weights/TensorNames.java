package leanvit.vit.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;

/**
 * Which tensors of a file make up each tensor under timm's name, as a {@link Dialect} says. Names that its tables lack
 * stand for themselves.
 */
final class TensorNames {

    /** Buffers and parts that play no role in a forward pass. */
    private static final Pattern HARMLESS = Pattern.compile("(?:.*\\.)?(?:num_batches_tracked|position_ids|mask_token"
            + "|n_averaged|relative_position_index|rope_embeddings\\.inv_freq)");
    /** Far more and longer than any model's; a hostile header's should not keep the patterns here busy. */
    private static final int MAX_TENSORS = 50_000;
    private static final int MAX_NAME_LENGTH = 256;

    /** What training wrappers put before all names: DDP and averaging, torch.compile, Lightning, transformers' timm. */
    private static final List<String> WRAPPERS = List.of("module.", "_orig_mod.", "model.", "timm_model.");
    /** What larger models call their picture side; a part of the tensors may have it. */
    private static final List<String> TOWERS = List.of("visual.", "trunk.", "vision_tower.", "backbone.");
    /** What transformers calls the model within a classifier or a pair of towers. */
    private static final Pattern PREFIX = Pattern.compile("^(?:vit|deit|beit|data2vec_vision|dinov2"
            + "|dinov2_with_registers|dinov3_vit|ijepa|vision_model)\\.");
    /** A block's tensor under timm's name, and the dialects' words for it. */
    private static final Pattern CANONICAL_BLOCK = Pattern.compile("blocks\\.([0-9]+)\\.(.+)");

    /** By timm's name; a part that is missing is null. */
    private final Map<String, List<String>> sources = new LinkedHashMap<>();
    private final Dialect dialect;

    /**
     * Sorts a file's tensors.
     *
     * @param distilled whether the model has a classifier on its distillation token
     * @param wanted    how the config says that tensors are called
     * @param unused    tensors that this model has and does not use, by their names without wrappers
     * @throws InvalidInputException if two tensors stand for the same, or there are too many or too long names
     */
    TensorNames(Collection<String> names, boolean distilled, Dialect wanted, Pattern unused, Path file)
            throws InvalidInputException {
        if (names.size() > MAX_TENSORS) {
            throw new InvalidInputException(file, "expected at most " + MAX_TENSORS + " tensors, came " + names.size());
        }
        for (String name : names) {
            if (name.length() > MAX_NAME_LENGTH) {
                throw new InvalidInputException(file, "tensor " + JsonWriter.quoteShort(name)
                        + ": expected a name of at most " + MAX_NAME_LENGTH + " characters, came " + name.length());
            }
        }
        int wrapped = wrapped(names, file);
        boolean transformers = names.stream().filter(name -> !isHarmless(name)).map(name -> name.substring(wrapped))
                .anyMatch(name -> PREFIX.matcher(name).replaceFirst("").startsWith("embeddings.")
                        || wanted != Dialect.TIMM && unused.matcher(name).matches());
        dialect = !transformers ? Dialect.TIMM : wanted == Dialect.TIMM ? Dialect.VIT : wanted;
        for (String name : names) {
            if (isHarmless(name)) {
                continue;
            }
            String bare = name.substring(wrapped);
            String stripped = transformers ? PREFIX.matcher(bare).replaceFirst("") : bare;
            if (!unused.matcher(stripped).matches() && !unused.matcher(bare).matches()) {
                put(name, stripped, file);
            }
        }
        // transformers' DeiT always has a distillation token; where no classifier reads it, it is a register.
        if (transformers && !distilled && sources.containsKey("dist_token")) {
            sources.put("reg_token", sources.remove("dist_token"));
        }
    }

    private static boolean isHarmless(String name) {
        return HARMLESS.matcher(name).matches();
    }

    /** Returns the length of what wrappers put before every name; one that only some names have is refused. */
    private static int wrapped(Collection<String> names, Path file) throws InvalidInputException {
        List<String> own = names.stream().filter(name -> !isHarmless(name)).toList();
        int length = 0;
        for (String wrapper = ""; wrapper != null && !own.isEmpty();) {
            length += wrapper.length();
            wrapper = next(own, length, file);
        }
        return length;
    }

    /** Returns the wrapper that every name has at {@code start}, or null. */
    private static String next(List<String> own, int start, Path file) throws InvalidInputException {
        for (String wrapper : WRAPPERS) {
            String with = own.stream().filter(name -> name.startsWith(wrapper, start)).findFirst().orElse(null);
            String without = own.stream().filter(name -> !name.startsWith(wrapper, start)).findFirst().orElse(null);
            if (with != null && without != null) {
                throw new InvalidInputException(file, "tensor " + JsonWriter.quoteShort(with) + ": expected \""
                        + wrapper + "\" before every name or none, but there is "
                        + JsonWriter.quoteShort(without));
            }
            if (with != null) {
                return wrapper;
            }
        }
        return TOWERS.stream().filter(tower -> own.stream().allMatch(name -> name.startsWith(tower, start)))
                .findFirst().orElse(null);
    }

    private void put(String name, String stripped, Path file) throws InvalidInputException {
        Dialect.Place place = place(stripped);
        List<String> none = Collections.nCopies(place.parts(), null);
        List<String> slots = sources.computeIfAbsent(place.name(), key -> new ArrayList<>(none));
        if (slots.size() != place.parts() || slots.get(place.part()) != null) {
            String other = slots.stream().filter(Objects::nonNull).findFirst().orElse(place.name());
            throw new InvalidInputException(file, "tensor " + JsonWriter.quoteShort(name) + ": stands for the same as "
                    + JsonWriter.quoteShort(other));
        }
        slots.set(place.part(), name);
    }

    private Dialect.Place place(String name) {
        Matcher block = dialect.block.matcher(name);
        if (block.matches()) {
            Dialect.Place place = Dialect.find(dialect.inBlock, block.group(3));
            String canonical = "blocks." + block.group(2) + ".";
            return place == null ? new Dialect.Place(canonical + block.group(3), 0, 1)
                    : new Dialect.Place(canonical + place.name(), place.part(), place.parts());
        }
        Dialect.Place place = Dialect.find(dialect.outside, name);
        return place == null ? new Dialect.Place(name, 0, 1) : place;
    }

    /** Returns whether the names are transformers'. */
    boolean transformers() {
        return dialect != Dialect.TIMM;
    }

    /** Returns timm's names of all tensors, in the file's order. */
    Collection<String> canonical() {
        return Collections.unmodifiableCollection(sources.keySet());
    }

    /** Returns whether the tensor of that name of timm's, or a part of it, is there. */
    boolean has(String canonical) {
        return sources.containsKey(canonical);
    }

    /**
     * Returns the file's tensors that make up the one of timm's name, in order; null stands for one that is missing.
     */
    List<String> sources(String canonical) {
        return Collections.unmodifiableList(sources.getOrDefault(canonical, Collections.singletonList(null)));
    }

    /** Returns how this file would call the parts of a tensor of timm's name, for messages. */
    String expectedName(String canonical, int part) {
        Matcher block = CANONICAL_BLOCK.matcher(canonical);
        if (!block.matches()) {
            return own(dialect.outside, canonical, part);
        }
        String before = dialect.block.pattern().replaceAll("^\\(|\\)\\(.*", "").replace("\\", "");
        String other = inOtherBlock(block.group(2), part);
        if (other != null) {
            return before + block.group(1) + "." + other;
        }
        return dialect == Dialect.TIMM ? canonical
                : before + block.group(1) + "." + own(dialect.inBlock, block.group(2), part);
    }

    /** Returns what follows a block's number in the same tensor's name in another block; null where none has it. */
    private String inOtherBlock(String layer, int part) {
        for (Map.Entry<String, List<String>> entry : sources.entrySet()) {
            String source = part < entry.getValue().size() ? entry.getValue().get(part) : null;
            Matcher own = dialect.block.matcher(source == null ? "" : source);
            if (entry.getKey().matches("blocks\\.[0-9]+\\.\\Q" + layer + "\\E") && own.find()) {
                return own.group(3);
            }
        }
        return null;
    }

    /** Returns the first name in a table that stands for a tensor of timm's; its own where none does. */
    private static String own(Map<String, Dialect.Place> table, String canonical, int part) {
        for (Map.Entry<String, Dialect.Place> entry : table.entrySet()) {
            Dialect.Place place = entry.getValue();
            boolean same = part == place.part() || place.parts() == 1;
            if (same && place.name().equals(canonical)) {
                return entry.getKey();
            }
            for (String suffix : List.of(".weight", ".bias")) {
                if (same && canonical.equals(place.name() + suffix)) {
                    return entry.getKey() + suffix;
                }
            }
        }
        return canonical;
    }
}
