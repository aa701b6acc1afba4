package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import leanvit.testdata.TestData;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Parts.Axes;
import leanvit.vit.weights.Parts.Coordinates;
import leanvit.vit.weights.Parts.NormKind;
import leanvit.vit.weights.Parts.Rotary;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.Test;

/**
 * What each name of timm's Vision Transformers stands for: {@code families/timm-names.tsv} has what timm's own
 * constructors make of it, and a config may have nothing but the name; and which of its pretrained tags that is.
 * {@code target/timm-names.txt} lists for each whether it loads, and if not, why.
 */
class TimmNamesTest {

    /** The files of timm's that build plain Vision Transformers. */
    private static final Set<String> PLAIN = Set.of("vision_transformer", "deit");

    private static List<Map<String, String>> table() throws IOException {
        List<String> lines = Files.readAllLines(TestData.path("families/timm-names.tsv"));
        List<String> columns = Arrays.asList(lines.get(0).split("\t", -1));
        List<Map<String, String>> rows = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t", -1);
            Map<String, String> row = new HashMap<>();
            for (int i = 0; i < fields.length; i++) {
                row.put(columns.get(i), fields[i]);
            }
            rows.add(row);
        }
        return rows;
    }

    private static ModelDescription read(String name) throws InvalidInputException {
        return TimmConfig.read(new Fields(Path.of("config.json"), "", Map.of("architecture", name)));
    }

    @Test
    void everyNameStandsForWhatTimmMakesOfIt() throws IOException {
        List<String> listing = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        int[] plain = new int[2];
        int[] all = new int[2];
        for (Map<String, String> row : table()) {
            String name = row.get("name");
            String refused = row.get("refused");
            String answer = "loads";
            try {
                VitConfig config = read(name).config();
                String problem = refused.isEmpty() ? problem(row, config, ArchitectureName.parse(name))
                        : "read, but has " + refused;
                if (!problem.isEmpty()) {
                    problems.add(name + ": " + problem);
                }
            } catch (InvalidInputException e) {
                answer = "refused: " + e.getMessage();
                if (refused.isEmpty() || !(e.getMessage().contains(refused)
                        || e.getMessage().contains("expected a plain ViT"))) {
                    problems.add(name + ": " + e.getMessage());
                }
            }
            for (String tag : row.get("tags").isEmpty() ? new String[0] : row.get("tags").split(",")) {
                listing.add(name + "." + tag + "\t" + answer);
                count(all, answer);
                count(PLAIN.contains(row.get("file")) ? plain : new int[2], answer);
            }
        }
        Files.write(Path.of("target/timm-names.txt"), listing);
        assertThat(problems).isEmpty();
        assertThat(plain).as("pretrained tags of plain ones, and how many load").containsExactly(326, 321);
        assertThat(all).as("with those of EVA and BEiT").containsExactly(417, 412);
    }

    private static void count(int[] tagsAndLoads, String answer) {
        tagsAndLoads[0]++;
        tagsAndLoads[1] += answer.equals("loads") ? 1 : 0;
    }

    private static String problem(Map<String, String> row, VitConfig config, ArchitectureName name) {
        Map<String, Object> got = new HashMap<>();
        got.put("embed_dim", config.width());
        got.put("depth", config.depth());
        got.put("heads", config.heads());
        got.put("fc1_rows", config.mlpRows());
        got.put("mlp", config.parts().gated() ? "GluMlp" : "Mlp");
        got.put("act", switch (config.parts().activation()) {
            case GELU -> "GELU";
            case GELU_TANH -> "GELUTanh";
            case QUICK_GELU -> "QuickGELU";
            case SILU -> "SiLU";
        });
        got.put("patch", config.patch());
        got.put("img_size", config.imageHeight() + "x" + config.imageWidth());
        got.put("global_pool", config.pooling() == Pooling.TOKEN ? "token"
                : config.pooling() == Pooling.AVERAGE ? "avg" : "map");
        got.put("class_token", name.classToken() ? 1 : 0);
        got.put("reg_tokens", name.registers());
        got.put("pre_norm", name.preNorm() ? 1 : 0);
        got.put("pos_embed", name.absolute() ? 1 : 0);
        got.put("rope", rope(config.parts().rotary()));
        got.put("key_bias", row.get("qkv_bias").equals("1") && name.keyBias() ? 1 : 0);
        got.put("inner_norm", (name.innerNorm("mlp") ? "mlp " : "").concat(name.innerNorm("attn") ? "attn" : "")
                .strip());
        StringBuilder problem = new StringBuilder();
        got.forEach((column, value) -> {
            if (!row.get(column).equals(value.toString())) {
                problem.append(column).append(" ").append(row.get(column)).append(", came ").append(value)
                        .append("; ");
            }
        });
        boolean norm = !row.get("norm").equals("Identity") || !row.get("fc_norm").equals("Identity");
        if (norm != config.parts().finalNorm()) {
            problem.append("a final norm: ").append(norm);
        }
        boolean rms = row.get("norm").equals("RmsNorm") || row.get("fc_norm").equals("RmsNorm");
        if (rms != (config.parts().norm() == NormKind.RMS)) {
            problem.append("norms of kind ").append(config.parts().norm());
        }
        if (row.get("block").contains("Post") != config.parts().postNorm()) {
            problem.append("norms behind the branches: ").append(config.parts().postNorm());
        }
        if (!row.get("eps").isEmpty() && Float.parseFloat(row.get("eps")) != config.epsilon()) {
            problem.append("eps ").append(row.get("eps"));
        }
        return problem.toString();
    }

    private static String rope(Rotary rotary) {
        if (rotary == null) {
            return "";
        }
        boolean centred = rotary.coordinates() == Coordinates.CENTRED;
        boolean learned = rotary.axes() == Axes.LEARNED;
        boolean fromOne = rotary.coordinates() == Coordinates.REFERENCE_GRID_FROM_ONE;
        return (centred ? "centred " : learned ? "mixed " : "axial ") + (long) rotary.base()
                + (rotary.axes() == Axes.ROWS_FIRST ? " ij " : " xy ") + (rotary.interleaved() ? "pairs" : "half")
                + (rotary.referenceRows() > 0 ? " ref " + rotary.referenceRows() : "") + (fromOne ? " from 1" : "");
    }

    /** timm's other Vision Transformers, each refused by the part that is not known. */
    @Test
    void whatIsRefusedNamesThePart() {
        Map<String, String> others = Map.of("vit_small_patch16_18x2_224", "18x2", "vit_base_patch16_xp_224", "xp",
                "vit_dlittle_patch16_reg1_gap_256", "differential attention",
                "vit_dpwee_patch16_reg1_gap_256", "differential attention",
                "vit_base_patch16_rope_reg1_224", "rope", "vit_small_patch14_dinov3", "dinov3");
        others.forEach((name, part) -> assertThat(catchMessage(name)).as(name).contains(part));
        for (String name : Set.of("vit_relpos_base_patch16_224", "vit_base_r50_s16_224", "samvit_base_patch16",
                "eva02_giant_patch14_224", "vit_pe_core_huge_patch14_224")) {
            assertThat(catchMessage(name)).as(name).contains("expected a plain ViT");
        }
    }

    private static String catchMessage(String name) {
        try {
            read(name);
            return "loads";
        } catch (InvalidInputException e) {
            return e.getMessage();
        }
    }
}
