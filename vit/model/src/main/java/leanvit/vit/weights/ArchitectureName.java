package leanvit.vit.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A name of timm's for a plain Vision Transformer, such as {@code vit_base_patch16_clip_224},
 * {@code deit_tiny_distilled_patch16_224}, {@code vit_small_patch14_reg4_dinov2}, taken apart.
 *
 * @param size      "tiny", "base", ...
 * @param distilled whether the name says so
 * @param patch     side of a patch, pixels
 * @param image     side of the image, pixels; 0 if the name does not say
 * @param words     what else the name says
 */
record ArchitectureName(String size, boolean distilled, int patch, int image, List<String> words) {

    /** Width, depth, heads and MLP ratio of a size. Width / heads is 64 up to large, then 80, 88, 104. */
    record Size(int width, int depth, int heads, double mlpRatio) {
    }

    private static final Map<String, Size> SIZES = Map.of(
            "tiny", new Size(192, 12, 3, 4),
            "small", new Size(384, 12, 6, 4),
            "medium", new Size(512, 12, 8, 4),
            "mediumd", new Size(512, 20, 8, 4),
            "betwixt", new Size(640, 12, 10, 4),
            "base", new Size(768, 12, 12, 4),
            "large", new Size(1024, 24, 16, 4),
            "huge", new Size(1280, 32, 16, 4),
            "giant", new Size(1408, 40, 16, 48.0 / 11),
            "gigantic", new Size(1664, 48, 16, 64.0 / 13));

    private static final Pattern NAME = Pattern.compile("(vit|deit|deit3)_([a-z0-9]{1,20})(_distilled)?"
            + "_patch([1-9][0-9]{0,2})((?:_[a-z0-9]{1,20}){0,6})(?:\\..*)?");
    /** Words that change nothing in the network, or only what its tensors and settings show. */
    private static final Pattern PLAIN_WORD = Pattern.compile(
            "gap|reg[0-9]{1,3}|clip|dinov2|dino|mae|sam|augreg|augreg2|miil|in21k|in1k|in12k|in22k|in21ft1k|in22ft1k");

    /** Takes a name apart; null if it is none of a plain ViT or DeiT. */
    static ArchitectureName parse(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            return null;
        }
        int image = 0;
        List<String> words = new ArrayList<>();
        for (String word : Arrays.asList(matcher.group(5).split("_"))) {
            if (word.matches("[1-9][0-9]{0,3}") && image == 0) {
                image = Integer.parseInt(word);
            } else if (!word.isEmpty()) {
                words.add(word);
            }
        }
        return new ArchitectureName(matcher.group(2), matcher.group(3) != null, Integer.parseInt(matcher.group(4)),
                image, words);
    }

    /**
     * Returns the first word that stands for something else than a plain ViT (quickgelu, siglip, 18x2, ...), or null.
     */
    String unsupportedWord() {
        for (String word : words) {
            if (!PLAIN_WORD.matcher(word).matches()) {
                return word;
            }
        }
        // timm's DINOv2 giant has a SwiGLU whose tensors are named as a plain MLP's.
        return size.startsWith("giant") && words.contains("dinov2") ? "giant dinov2 (SwiGLU)" : null;
    }

    /** Returns the numbers that the name stands for; null if they are not known. */
    Size dimensions() {
        // I-JEPA's base has 16 heads instead of 12; no tensor shows the number of heads, so do not guess.
        boolean unclear = size.equals("base") && words.contains("gap")
                && words.stream().noneMatch(word -> word.startsWith("reg"));
        return unclear ? null : SIZES.get(size);
    }

    /** LayerNorm's epsilon: PyTorch's default where timm follows OpenCLIP, else timm's for ViT. */
    float epsilon() {
        return words.contains("clip") ? 1e-5f : 1e-6f;
    }

    /** Whether timm's constructor pools over the patches unless told otherwise. */
    boolean poolsPatches() {
        return words.contains("gap");
    }
}
