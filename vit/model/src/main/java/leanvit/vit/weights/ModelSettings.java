package leanvit.vit.weights;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.VitConfig.Pooling;

/** Writes {@code config.json} in timm's form for a model that was made here. */
final class ModelSettings {

    private static final Path FILE = Path.of(Checkpoint.CONFIG);

    private ModelSettings() {
    }

    /**
     * Returns timm's {@code config.json} of a model.
     *
     * @throws IllegalArgumentException if it would be read as something else
     */
    static byte[] timm(VitConfig config, Preprocessing preprocessing) {
        String pool = config.pooling() == Pooling.AVERAGE ? "avg" : "token";
        Map<String, Object> args = new LinkedHashMap<>();
        args.put("img_size", config.imageHeight() == config.imageWidth() ? (Object) config.imageHeight()
                : new int[] {config.imageHeight(), config.imageWidth()});
        args.put("patch_size", config.patch());
        args.put("embed_dim", config.width());
        args.put("depth", config.depth());
        args.put("num_heads", config.heads());
        // The reader rounds down.
        args.put("mlp_ratio", config.mlpHidden() % config.width() == 0
                ? config.mlpHidden() / config.width() : (config.mlpHidden() + 0.5) / config.width());
        Map<String, Object> pretrained = new LinkedHashMap<>();
        pretrained.put("input_size", new int[] {3, config.imageHeight(), config.imageWidth()});
        pretrained.put("interpolation", preprocessing.interpolation().name().toLowerCase(Locale.ROOT));
        pretrained.put("crop_pct", preprocessing.cropFraction());
        pretrained.put("crop_mode", switch (preprocessing.resize()) {
            case SHORT_SIDE -> "center";
            case LONG_SIDE -> "border";
            default -> "squash";
        });
        pretrained.put("mean", preprocessing.mean());
        pretrained.put("std", preprocessing.std());
        pretrained.put("num_classes", config.classes());
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("architecture", config.architecture());
        root.put("num_classes", config.classes());
        root.put("global_pool", pool);
        root.put("model_args", args);
        root.put("pretrained_cfg", pretrained);
        byte[] text = bytes(root);
        check(text, config, preprocessing);
        return text;
    }

    private static void check(byte[] text, VitConfig config, Preprocessing preprocessing) {
        ModelDescription read;
        try {
            read = TimmConfig.read(Fields.parse(FILE, text));
        } catch (InvalidInputException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        if (!read.config().equals(config)) {
            throw new IllegalArgumentException("timm's config.json cannot say " + config + "; it would be "
                    + read.config());
        }
        Preprocessing same = read.preprocessing();
        boolean equal = same.height() == preprocessing.height() && same.width() == preprocessing.width()
                && same.cropFraction() == preprocessing.cropFraction() && same.resize() == preprocessing.resize()
                && preprocessing.target() == null && same.rounding() == preprocessing.rounding()
                && same.interpolation() == preprocessing.interpolation() && same.crop() == preprocessing.crop()
                && same.rescale() == preprocessing.rescale() && Arrays.equals(same.mean(), preprocessing.mean())
                && Arrays.equals(same.std(), preprocessing.std());
        if (!equal) {
            throw new IllegalArgumentException("timm's config.json cannot say " + preprocessing + "; it would be "
                    + same);
        }
    }

    private static byte[] bytes(Map<String, Object> root) {
        return (new JsonWriter().tree(root) + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
