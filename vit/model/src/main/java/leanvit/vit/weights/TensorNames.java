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
 * Which tensors of a file make up each tensor under timm's name: itself in timm's files; in transformers' the one of
 * the other name, or query, key and value for {@code attn.qkv}. Names that neither uses stand for themselves.
 */
final class TensorNames {

    /** transformers' ViT and DeiT, before the first block and after the last. */
    private static final Map<String, String> OUTSIDE = Map.ofEntries(
            Map.entry("embeddings.cls_token", "cls_token"),
            Map.entry("embeddings.distillation_token", "dist_token"),
            Map.entry("embeddings.position_embeddings", "pos_embed"),
            Map.entry("embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight"),
            Map.entry("embeddings.patch_embeddings.projection.bias", "patch_embed.proj.bias"),
            Map.entry("layernorm.weight", "norm.weight"),
            Map.entry("layernorm.bias", "norm.bias"),
            Map.entry("classifier.weight", "head.weight"),
            Map.entry("classifier.bias", "head.bias"),
            Map.entry("cls_classifier.weight", "head.weight"),
            Map.entry("cls_classifier.bias", "head.bias"),
            Map.entry("distillation_classifier.weight", "head_dist.weight"),
            Map.entry("distillation_classifier.bias", "head_dist.bias"));
    /** The layers of a block. */
    private static final Map<String, String> IN_BLOCK = Map.of(
            "layernorm_before", "norm1",
            "attention.attention.query", "attn.qkv",
            "attention.attention.key", "attn.qkv",
            "attention.attention.value", "attn.qkv",
            "attention.output.dense", "attn.proj",
            "layernorm_after", "norm2",
            "intermediate.dense", "mlp.fc1",
            "output.dense", "mlp.fc2");
    private static final List<String> QKV = List.of("query", "key", "value");

    private static final Pattern BLOCK = Pattern.compile("encoder\\.layer\\.([0-9]{1,6})\\.([a-z_.]+)\\.(weight|bias)");
    /** Buffers and parts that play no role in classification. */
    private static final Pattern HARMLESS = Pattern.compile(
            "(?:.*\\.)?(?:num_batches_tracked|position_ids|mask_token|n_averaged)|pooler\\..*");
    /** Far more and longer than any model's; a hostile header's should not keep the patterns here busy. */
    private static final int MAX_TENSORS = 50_000;
    private static final int MAX_NAME_LENGTH = 256;

    /** What training wrappers put before all names: DDP and averaging, torch.compile, Lightning, transformers' timm. */
    private static final List<String> WRAPPERS = List.of("module.", "_orig_mod.", "model.", "timm_model.");
    private static final Pattern PREFIX = Pattern.compile("^(?:vit|deit)\\.");

    /** By timm's name; a part that is missing is null. */
    private final Map<String, List<String>> sources = new LinkedHashMap<>();
    private final boolean transformers;

    /**
     * Sorts a file's tensors.
     *
     * @param distilled whether the model has a classifier on its distillation token
     * @throws InvalidInputException if two tensors stand for the same, or there are too many or too long names
     */
    TensorNames(Collection<String> names, boolean distilled, Path file) throws InvalidInputException {
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
        transformers = names.stream().filter(name -> !isHarmless(name)).map(name -> name.substring(wrapped))
                .anyMatch(name -> PREFIX.matcher(name).replaceFirst("").startsWith("embeddings."));
        for (String name : names) {
            if (isHarmless(name)) {
                continue;
            }
            String bare = name.substring(wrapped);
            String stripped = transformers ? PREFIX.matcher(bare).replaceFirst("") : bare;
            if (!HARMLESS.matcher(stripped).matches()) {
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
        for (boolean found = true; found && !own.isEmpty();) {
            found = false;
            for (String wrapper : WRAPPERS) {
                int start = length;
                String with = own.stream().filter(name -> name.startsWith(wrapper, start)).findFirst().orElse(null);
                String without = own.stream().filter(name -> !name.startsWith(wrapper, start)).findFirst().orElse(null);
                if (with != null && without != null) {
                    throw new InvalidInputException(file, "tensor " + JsonWriter.quoteShort(with) + ": expected \""
                            + wrapper + "\" before every name or none, but there is "
                            + JsonWriter.quoteShort(without));
                }
                if (with != null) {
                    length += wrapper.length();
                    found = true;
                    break;
                }
            }
        }
        return length;
    }

    /** Returns whether the names are transformers'. */
    boolean transformers() {
        return transformers;
    }

    private void put(String name, String stripped, Path file) throws InvalidInputException {
        String canonical = stripped;
        int part = 0;
        int parts = 1;
        if (transformers) {
            Matcher block = BLOCK.matcher(stripped);
            if (block.matches() && IN_BLOCK.containsKey(block.group(2))) {
                String layer = IN_BLOCK.get(block.group(2));
                canonical = "blocks." + block.group(1) + "." + layer + "." + block.group(3);
                if (layer.equals("attn.qkv")) {
                    parts = QKV.size();
                    part = QKV.indexOf(block.group(2).substring("attention.attention.".length()));
                }
            } else {
                canonical = OUTSIDE.getOrDefault(stripped, stripped);
            }
        }
        List<String> none = Collections.nCopies(parts, null);
        List<String> slots = sources.computeIfAbsent(canonical, key -> new ArrayList<>(none));
        if (slots.size() != parts || slots.get(part) != null) {
            String other = slots.stream().filter(Objects::nonNull).findFirst().orElse(canonical);
            throw new InvalidInputException(file, "tensor " + JsonWriter.quoteShort(name) + ": stands for the same as "
                    + JsonWriter.quoteShort(other));
        }
        slots.set(part, name);
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
        if (!transformers) {
            return canonical;
        }
        for (Map.Entry<String, String> entry : OUTSIDE.entrySet()) {
            if (entry.getValue().equals(canonical) && !entry.getKey().startsWith("cls_classifier")) {
                return entry.getKey();
            }
        }
        Matcher block = Pattern.compile("blocks\\.([0-9]+)\\.(.+)\\.(weight|bias)").matcher(canonical);
        if (block.matches()) {
            String layer = block.group(2).equals("attn.qkv") ? "attention.attention." + QKV.get(part)
                    : IN_BLOCK.entrySet().stream().filter(entry -> entry.getValue().equals(block.group(2)))
                            .map(Map.Entry::getKey).findFirst().orElse(block.group(2));
            return "encoder.layer." + block.group(1) + "." + layer + "." + block.group(3);
        }
        return canonical;
    }
}
