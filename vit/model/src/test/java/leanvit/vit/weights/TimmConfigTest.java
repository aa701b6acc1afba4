package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Features.Relative;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimmConfigTest {

    private static ModelDescription read(String json) throws InvalidInputException {
        return TimmConfig.read(Fields.parse(Path.of("config.json"),
                json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void sizesThatTimmTakesInItsValidationAloneAreSaidToBeIgnored() throws InvalidInputException {
        ModelDescription model = read("{'architecture':'vit_tiny_patch16_224','pretrained_cfg':{"
                + "'input_size':[3,224,224],'test_input_size':[3,288,288],'crop_pct':0.9,'test_crop_pct':1.0,"
                + "'fixed_input_size':true,'custom_load':'hf','min_input_size':[3,1,1],'pool_size':null}}");
        assertThat(model.preprocessing().height()).isEqualTo(224);
        assertThat(model.preprocessing().cropFraction()).isEqualTo(0.9f);
        assertThat(model.warnings()).containsExactly(
                "config.json: pretrained_cfg.test_input_size: ignored: pictures are prepared by input_size, as timm "
                        + "does",
                "config.json: pretrained_cfg.test_crop_pct: ignored: pictures are prepared by crop_pct, as timm does");
        assertThat(read("{'architecture':'vit_tiny_patch16_224','pretrained_cfg':{'crop_pct':0.9,'test_crop_pct':0.9}}")
                .warnings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "vit_tiny_patch16_224,                 224, 16,  192, 12,  3,  768, TOKEN,   false, 1e-6",
        "vit_small_patch32_384,                384, 32,  384, 12,  6, 1536, TOKEN,   false, 1e-6",
        "vit_small_patch8_224,                 224,  8,  384, 12,  6, 1536, TOKEN,   false, 1e-6",
        "vit_base_patch16_224,                 224, 16,  768, 12, 12, 3072, TOKEN,   false, 1e-6",
        "vit_base_patch16_224.augreg_in21k,    224, 16,  768, 12, 12, 3072, TOKEN,   false, 1e-6",
        "vit_base_patch16_224_in21k,           224, 16,  768, 12, 12, 3072, TOKEN,   false, 1e-6",
        "vit_base_patch16_clip_224,            224, 16,  768, 12, 12, 3072, TOKEN,   false, 1e-5",
        "vit_base_patch16_reg4_gap_256,        256, 16,  768, 12, 12, 3072, AVERAGE, false, 1e-6",
        "vit_medium_patch16_gap_256,           256, 16,  512, 12,  8, 2048, AVERAGE, false, 1e-6",
        "vit_mediumd_patch16_reg4_gap_384,     384, 16,  512, 20,  8, 2048, AVERAGE, false, 1e-6",
        "vit_betwixt_patch16_reg4_gap_256,     256, 16,  640, 12, 10, 2560, AVERAGE, false, 1e-6",
        "vit_large_patch14_clip_336,           336, 14, 1024, 24, 16, 4096, TOKEN,   false, 1e-5",
        "vit_large_patch16_384,                384, 16, 1024, 24, 16, 4096, TOKEN,   false, 1e-6",
        "vit_huge_patch14_224,                 224, 14, 1280, 32, 16, 5120, TOKEN,   false, 1e-6",
        "vit_giant_patch14_clip_224,           224, 14, 1408, 40, 16, 6144, TOKEN,   false, 1e-5",
        "vit_gigantic_patch14_224,             224, 14, 1664, 48, 16, 8192, TOKEN,   false, 1e-6",
        "vit_small_patch14_dinov2,             518, 14,  384, 12,  6, 1536, TOKEN,   false, 1e-6",
        "vit_large_patch14_reg4_dinov2,        518, 14, 1024, 24, 16, 4096, TOKEN,   false, 1e-6",
        "deit_tiny_patch16_224,                224, 16,  192, 12,  3,  768, TOKEN,   false, 1e-6",
        "deit_tiny_distilled_patch16_224,      224, 16,  192, 12,  3,  768, TOKEN,   true,  1e-6",
        "deit_base_distilled_patch16_384,      384, 16,  768, 12, 12, 3072, TOKEN,   true,  1e-6",
        "deit3_medium_patch16_224,             224, 16,  512, 12,  8, 2048, TOKEN,   false, 1e-6",
        "deit3_huge_patch14_224_in21ft1k,      224, 14, 1280, 32, 16, 5120, TOKEN,   false, 1e-6"})
    void knowsTheArchitecturesByName(String name, int image, int patch, int width, int depth, int heads, int mlp,
                                     Pooling pooling, boolean distilled, float epsilon) throws InvalidInputException {
        String size = name.endsWith("dinov2") ? ",'pretrained_cfg':{'input_size':[3,518,518]}" : "";
        assertThat(read("{'architecture':'" + name + "','num_classes':11" + size + "}").config()).isEqualTo(
                new VitConfig(name, image, image, patch, width, depth, heads, mlp, 11, pooling, distilled, epsilon));
    }

    @Test
    void argumentsOverrideTheName() throws InvalidInputException {
        ModelDescription model = read("{'architecture':'vit_base_patch16_224','num_classes':5,'global_pool':'token',"
                + "'num_features':60,'model_args':{'img_size':[48,32],'patch_size':8,'embed_dim':60,'depth':4,"
                + "'num_heads':3,'mlp_ratio':2.5,'num_classes':7,'global_pool':'avg','drop_rate':0.1,'in_chans':3,"
                + "'drop_path_rate':0.2,'weight_init':'','act_layer':null,'norm_layer':null,'dynamic_img_size':true,"
                + "'qkv_bias':false,'qk_norm':true,'init_values':1e-5,'class_token':false,'no_embed_class':true,"
                + "'reg_tokens':4,'pre_norm':true,'fc_norm':false},"
                + "'pretrained_cfg':{'input_size':[3,224,224],'num_classes':9}}");
        assertThat(model.config()).isEqualTo(new VitConfig("vit_base_patch16_224", 48, 32, 8, 60, 4, 3, 150, 7,
                Pooling.AVERAGE, false, 1e-6f, Parts.PLAIN.with(Parts.PrefixPositions.NONE)));
        assertThat(model.features()).isEqualTo(new Features(false, false, false, true, true, true, false, 4, true,
                false, true, Relative.NONE, false, null));
        assertThat(model.preprocessing().height()).isEqualTo(48);
        assertThat(model.preprocessing().width()).isEqualTo(32);
    }

    @Test
    void readsTheFlatFormOf2021() throws InvalidInputException {
        ModelDescription model = read("{'architecture':'vit_tiny_patch16_224','num_classes':2,'num_features':null,"
                + "'input_size':[3,224,224],'crop_pct':0.8,'interpolation':'bilinear','mean':[0.1,0.2,0.3],"
                + "'std':[1,1,1],'labels':['a','b'],'url':'','pool_size':null,'fixed_input_size':true,'odd':1}");
        assertThat(model.labels()).containsExactly("a", "b");
        assertThat(model.preprocessing().cropFraction()).isEqualTo(0.8f);
        assertThat(model.preprocessing().interpolation()).isEqualTo(Interpolation.BILINEAR);
        assertThat(model.preprocessing().mean()).containsExactly(0.1f, 0.2f, 0.3f);
        assertThat(model.warnings()).containsExactly("config.json: odd: not known; it is ignored");
    }

    @Test
    void saysNothingAboutPartsWhereTheConfigDoesNot() throws InvalidInputException {
        assertThat(read("{'architecture':'vit_base_patch16_224'}").features()).isEqualTo(Features.UNSAID);
        assertThat(read("{'architecture':'vit_base_patch16_224','model_args':{'init_values':null}}").features())
                .isEqualTo(new Features(null, null, null, true, null, false, null, null, null, null, true,
                        Relative.NONE, false, null));
    }

    @Test
    void takesACompleteModelOfAnUnknownSize() throws InvalidInputException {
        VitConfig config = read("{'architecture':'vit_so150m_patch16_reg4_gap_256','num_classes':0,'model_args':"
                + "{'embed_dim':896,'depth':18,'num_heads':14,'mlp_ratio':2.572}}").config();
        assertThat(config).isEqualTo(new VitConfig("vit_so150m_patch16_reg4_gap_256", 256, 256, 16, 896, 18, 14, 2304,
                0, Pooling.AVERAGE, false, 1e-6f));
    }

    @Test
    void readsThePreprocessing() throws InvalidInputException {
        Preprocessing own = read("{'architecture':'vit_base_patch16_224','pretrained_cfg':{'input_size':[3,384,384],"
                + "'interpolation':'bilinear','crop_pct':1.0,'crop_mode':'squash','mean':[0.1,0.2,0.3],'std':[1,2,3]}}")
                .preprocessing();
        assertThat(own).usingRecursiveComparison().isEqualTo(new Preprocessing(384, 384, 1, Resize.SQUASH,
                Interpolation.BILINEAR, new float[] {0.1f, 0.2f, 0.3f}, new float[] {1, 2, 3}));
        Preprocessing absent = read("{'architecture':'vit_base_patch16_224'}").preprocessing();
        assertThat(absent).usingRecursiveComparison().isEqualTo(new Preprocessing(224, 224, 0.875f, Resize.SHORT_SIDE,
                Interpolation.BICUBIC, new float[] {0.485f, 0.456f, 0.406f}, new float[] {0.229f, 0.224f, 0.225f}));
        absent.mean()[0] = 7;
        assertThat(read("{'architecture':'vit_base_patch16_224'}").preprocessing().mean()[0]).isEqualTo(0.485f);
    }

    @Test
    void readsLabels() throws InvalidInputException {
        String names = "{'architecture':'vit_base_patch16_224','num_classes':2,'label_names':['n1','n2']";
        assertThat(read(names + "}").labels()).containsExactly("n1", "n2");
        assertThat(read(names + ",'label_descriptions':{'n2':'goldfish'}}").labels()).containsExactly("n1", "goldfish");
        assertThat(read("{'architecture':'vit_base_patch16_224','pretrained_cfg':{'label_names':['a']}}").labels())
                .containsExactly("a");
        assertThat(read("{'architecture':'vit_base_patch16_224','label_descriptions':['x','y']}").labels())
                .containsExactly("x", "y");
        for (String older : List.of(",'labels':['n1',null],'pretrained_cfg':{'crop_pct':0.9}}",
                ",'pretrained_cfg':{'labels':{'0':'n1'}}}")) {
            assertThat(read("{'architecture':'vit_base_patch16_224','num_classes':2" + older).labels())
                    .containsExactly("n1", "1");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "resnet50                        | expected a plain ViT or DeiT of timm's, such as vit_base_patch16_224 or "
            + "deit_tiny_distilled_patch16_224, came \"resnet50\"",
        "swin_base_patch4_window7_224    | expected a plain ViT",
        "eva02_giant_patch14_224         | expected a plain ViT",
        "vit_relpos_base_patch16_224     | expected a plain ViT",
        "vit_base_r50_s16_224            | expected a plain ViT",
        "vit_small_resnet26d_224         | expected a plain ViT",
        "vit_dwee_patch16_reg1_gap_256   | \"dwee (differential attention)\" is not supported",
        "vit_base_patch16_xp_224         | \"xp\" is not supported",
        "vit_large_patch16_rpn_224       | \"rpn\" is not supported",
        "vit_small_patch16_18x2_224      | \"18x2\" is not supported",
        "vit_base_patch14_rope_224       | \"rope\" is not supported",
        "vit_giant_patch16_dinov3        | \"dinov3\" is not supported",
        "vit_base_patch0_224             | expected a plain ViT",
        "vit_base_patch1024_224          | expected a plain ViT",
        "vit_base_patch16_0              | \"0\" is not supported",
        "vit_base_patch16_224_384        | \"384\" is not supported",
    })
    void refusesOtherArchitecturesByName(String name, String problem) {
        assertThatThrownBy(() -> read("{'architecture':'" + name + "'}")).isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("config.json: ").hasMessageContaining(problem);
    }

    /** A DINOv3's heads are cut into quarters, and a Perception Encoder's pool has 8 heads of its own. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "vit_small_patch16_dinov3     | 'num_heads':64 | num_heads: gives heads of 6 channels; rotary positions need "
            + "a multiple of 4",
        "vit_pe_core_base_patch16_224 | 'embed_dim':12,'num_heads':3 | embed_dim: 12 is no multiple of the 8 heads of "
            + "the attention pool",
        "eva02_base_patch14_224       | 'qk_norm':true | qk_norm: true is not supported",
    })
    void refusesSizesThatAPartCannotHave(String name, String arguments, String problem) {
        assertThatThrownBy(() -> read("{'architecture':'" + name + "','model_args':{" + arguments + "}}"))
                .isInstanceOf(InvalidInputException.class).hasMessage("config.json: model_args." + problem);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "'num_heads':5         | num_heads: 5 does not divide embed_dim 192",
        "'num_heads':0         | num_heads: expected an integer from 1 to 1024, came 0",
        "'num_heads':3.0       | num_heads: expected an integer from 1 to 1024, came 3.0",
        "'num_heads':'3'       | num_heads: expected an integer from 1 to 1024, came \"3\"",
        "'depth':0             | depth: expected an integer from 1 to 1024, came 0",
        "'depth':-1            | depth: expected an integer from 1 to 1024, came -1",
        "'depth':4611686018427387904 | depth: expected an integer from 1 to 1024, came 4611686018427387904",
        "'depth':[12]          | depth: expected an integer from 1 to 1024, came [12]",
        "'embed_dim':1000000   | embed_dim: expected an integer from 1 to 65536, came 1000000",
        "'patch_size':15       | patch_size: 15 does not divide the image size 224x224",
        "'patch_size':[16,8]   | patch_size: expected a square patch, came [16,8]",
        "'img_size':[224,230]  | patch_size: 16 does not divide the image size 224x230",
        "'img_size':[224]      | img_size: expected a list of 2 integers from 1 to 16384, came [224]",
        "'img_size':0          | img_size: expected an integer from 1 to 16384, came 0",
        "'img_size':8          | patch_size: 16 does not divide the image size 8x8",
        "'mlp_ratio':0         | mlp_ratio: expected a number over 0.0 and at most 1000.0, came 0",
        "'mlp_ratio':0.001     | mlp_ratio: gives an MLP of 0 channels; expected 1 to 262144",
        "'in_chans':1          | in_chans: expected 3 (red, green, blue), came 1",
        "'num_classes':-1      | num_classes: expected an integer from 0 to 4194304, came -1",
        "'global_pool':'max'   | global_pool: \"max\" is not supported",
        "'qkv_bias':'yes'      | qkv_bias: expected true or false, came \"yes\"",
        "'reg_tokens':-1       | reg_tokens: expected an integer from 0 to 1024, came -1",
        "'act_layer':'relu'    | act_layer: \"relu\" is not supported",
        "'norm_layer':'batchnorm' | norm_layer: \"batchnorm\" is not supported",
        "'mlp_layer':'swiglu'  | mlp_layer: \"swiglu\" is not supported",
        "'swiglu_mlp':true     | swiglu_mlp: true is not supported",
        "'rope_type':'cat'     | rope_type: \"cat\" is not supported",
        "'block_fn':null       | block_fn: nothing is not supported",
        "'dynamic_img_pad':true | dynamic_img_pad: true is not supported",
    })
    void refusesArgumentsThatCannotBe(String argument, String problem) {
        assertThatThrownBy(() -> read("{'architecture':'vit_tiny_patch16_224','model_args':{" + argument + "}}"))
                .isInstanceOf(InvalidInputException.class).hasMessage("config.json: model_args." + problem);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "'architecture':7                               | architecture: expected a string, came 7",
        "'architecture':'vit_tiny_patch16_224','model_args':[] | model_args: expected an object, came []",
        "'architecture':'vit_tiny_patch16_224','num_features':768 | "
            + "num_features: expected 192, the model's embed_dim, came 768",
        "'architecture':'vit_tiny_patch16_224','global_pool':''  | global_pool: \"\" is not supported",
        "'architecture':'vit_tiny_patch16_224','num_classes':1.5 | "
            + "num_classes: expected an integer from 0 to 4194304, came 1.5",
    })
    void refusesFieldsThatCannotBe(String fields, String problem) {
        assertThatThrownBy(() -> read("{" + fields + "}")).isInstanceOf(InvalidInputException.class)
                .hasMessage("config.json: " + problem);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "'crop_pct':-1              | crop_pct: expected a number over 0.0 and at most 1000.0, came -1",
        "'crop_mode':'stretch'      | crop_mode: \"stretch\" is not supported",
        "'crop_border_pixels':3     | crop_border_pixels: 3 is not supported",
        "'interpolation':'random'   | interpolation: \"random\" is not supported",
        "'input_size':[3,224]       | input_size: expected a list of 3 integers from 1 to 16384, came [3,224]",
        "'input_size':[1,224,224]   | input_size: expected 3 channels first, came [1,224,224]",
        "'mean':[0.5]               | mean: expected a list of 3 numbers over -1000.0 and at most 1000.0, came [0.5]",
        "'std':[1,0,1]              | std: expected a list of 3 numbers over 0.0 and at most 1000.0, came [1,0,1]",
        "'std':['a',1,1]            | std: expected a list of 3 numbers over 0.0 and at most 1000.0, came [\"a\",1,1]",
    })
    void refusesPreprocessingThatCannotBe(String field, String problem) {
        assertThatThrownBy(() -> read("{'architecture':'vit_tiny_patch16_224','pretrained_cfg':{" + field + "}}"))
                .isInstanceOf(InvalidInputException.class).hasMessage("config.json: pretrained_cfg." + problem);
    }
}
