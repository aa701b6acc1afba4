package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransformersConfigTest {

    private static final float[] HALF = {0.5f, 0.5f, 0.5f};

    private static Fields fields(String file, String json) throws InvalidInputException {
        return Fields.parse(Path.of(file), json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static ModelDescription read(String json) throws InvalidInputException {
        return TransformersConfig.read(fields("config.json", json), null);
    }

    private static Preprocessing preprocessing(String type, String preprocessor) throws InvalidInputException {
        return TransformersConfig.read(fields("config.json", "{'model_type':'" + type + "'}"),
                fields("preprocessor_config.json", preprocessor)).preprocessing();
    }

    private static final Parts VIT = Parts.PLAIN.with(Parts.PrefixPositions.ALL).with(Parts.PositionFit.BICUBIC);

    @Test
    void takesTheDefaultsOfItsClasses() throws InvalidInputException {
        assertThat(read("{'model_type':'vit'}").config()).isEqualTo(new VitConfig("ViTForImageClassification", 224, 224,
                16, 768, 12, 12, 3072, 2, Pooling.TOKEN, false, 1e-12f, VIT));
        assertThat(read("{'model_type':'deit','architectures':['DeiTForImageClassificationWithTeacher'],"
                + "'image_size':[32,48],'num_labels':5}").config())
                .isEqualTo(new VitConfig("DeiTForImageClassificationWithTeacher", 32, 48, 16, 768, 12, 12, 3072, 5,
                        Pooling.TOKEN, true, 1e-12f, VIT));
        assertThat(read("{'model_type':'vit','architectures':['ViTModel'],'id2label':{'0':'LABEL_0'}}").config()
                .classes()).isZero();
    }

    @Test
    void readsLabelsAlsoThoseThatTransformersMakesUp() throws InvalidInputException {
        assertThat(read("{'model_type':'vit','id2label':{'1':'b','0':'a'}}").labels()).containsExactly("a", "b");
        assertThat(read("{'model_type':'vit','id2label':{'1':'b','0':'a'}}").config().classes()).isEqualTo(2);
        ModelDescription placeholders =
                read("{'model_type':'vit','id2label':{'0':'LABEL_0','1':'LABEL_1','2':'LABEL_2'}}");
        assertThat(placeholders.labels()).containsExactly("LABEL_0", "LABEL_1", "LABEL_2");
        assertThat(placeholders.config().classes()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "'model_type':'swin'             | model_type: expected one of vit, deit, vit_mae, vit_msn, ijepa, beit, "
            + "data2vec-vision, dinov2, dinov2_with_registers, dinov3_vit, clip, clip_vision_model, siglip, "
            + "siglip_vision_model, came \"swin\"",
        "'model_type':'vit','architectures':['ViTMAEForPreTraining'] | "
            + "architectures: [\"ViTMAEForPreTraining\"] is not supported",
        "'model_type':'vit','architectures':'ViTModel' | architectures: expected a list of strings, came \"ViTModel\"",
        "'model_type':'vit','hidden_act':'relu' | hidden_act: \"relu\" is not supported",
        "'model_type':'vit','num_channels':1 | num_channels: expected 3 (red, green, blue), came 1",
        "'model_type':'vit','num_attention_heads':5 | num_attention_heads: 5 does not divide hidden_size 768",
        "'model_type':'vit','patch_size':15 | patch_size: 15 does not divide the image size 224x224",
        "'model_type':'vit','patch_size':[16,8] | patch_size: expected a square patch, came [16,8]",
        "'model_type':'vit','hidden_size':0 | hidden_size: expected an integer from 1 to 65536, came 0",
        "'model_type':'vit','layer_norm_eps':0 | layer_norm_eps: expected a number over 0.0 and at most 1.0, came 0",
        "'model_type':'vit','id2label':{'x':'a'} | id2label: expected a class's index with each name, came "
            + "{\"x\":\"a\"}",
        "'model_type':'vit','id2label':{'0':[7]} | id2label: expected a plain value as a class's name, came "
            + "{\"0\":[7]}",
        "'model_type':'vit','problem_type':'ranking' | problem_type: \"ranking\" is not supported",
        "'model_type':'vit','architectures':['ViTModel'],'pooler_act':'relu' | pooler_act: \"relu\" is not supported",
        "'model_type':'vit','hidden_act':'laplace' | hidden_act: \"laplace\" is not supported",
    })
    void refusesFieldsThatCannotBe(String fields, String problem) {
        assertThatThrownBy(() -> read("{" + fields + "}")).isInstanceOf(InvalidInputException.class)
                .hasMessage("config.json: " + problem);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "{'0':60,'1':41,'2':4.5}       | 60,41,4.5",
        "{'0':null,'1':'b','2':'c'}    | 0,b,c",
        "{'0':'a','1':'b','5':'c'}     | a,b,2",
        "['a',null,7]                  | a,1,7",
        "{'-1':'a',' 1':'b','02':'c'}  | 0,b,c",
    })
    void namesOfEveryKind(String names, String expected) throws InvalidInputException {
        ModelDescription model = read("{'model_type':'vit','id2label':" + names + "}");
        assertThat(String.join(",", model.labels())).isEqualTo(expected);
        assertThat(model.config().classes()).isEqualTo(3);
        assertThat(model.warnings()).isEmpty();
    }

    @Test
    void namesToIndicesAlone() throws InvalidInputException {
        assertThat(read("{'model_type':'vit','label2id':{'b':1,'a':0}}").labels()).containsExactly("a", "b");
    }

    @Test
    void saysWhichSettingsItIgnores() throws InvalidInputException {
        assertThat(read("{'model_type':'vit','num_labels':3,'id2label':{'0':'a','1':'b'},'gate':true,'off':null}")
                .warnings()).containsExactly("config.json: gate: not known; it is ignored",
                "config.json: num_labels: ignored: id2label has 2 classes");
        assertThat(read("{'model_type':'vit','layerscale_value':0.5,'use_mean_pooling':true}").warnings())
                .containsExactly("config.json: layerscale_value: not known; it is ignored",
                        "config.json: use_mean_pooling: not known; it is ignored");
        assertThat(read("{'model_type':'beit','use_mean_pooling':true,'layer_scale_init_value':0.2}").warnings())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"multi_label_classification, 3, true", "single_label_classification, 3, false", "regression, 3, false",
        "regression, 1, true", "single_label_classification, 1, true", "null, 1, true", "null, 3, false"})
    void appliesTheSigmoidAsItsPipelineDoes(String problem, int classes, boolean sigmoid) throws InvalidInputException {
        String type = problem.equals("null") ? "null" : "'" + problem + "'";
        assertThat(read("{'model_type':'vit','problem_type':" + type + ",'num_labels':" + classes + "}").sigmoid())
                .isEqualTo(sigmoid);
    }

    @Test
    void preprocessesAsItsClassesDoByDefault() throws InvalidInputException {
        assertThat(read("{'model_type':'vit'}").preprocessing()).usingRecursiveComparison()
                .isEqualTo(preprocessing(224, 224, 1, Resize.SQUASH, Interpolation.BILINEAR, HALF, HALF));
        assertThat(read("{'model_type':'deit'}").preprocessing()).usingRecursiveComparison()
                .isEqualTo(preprocessing(224, 224, 0.875f, Resize.SQUASH, Interpolation.BICUBIC, HALF, HALF));
    }

    @Test
    void readsEveryFormOfItsSizes() throws InvalidInputException {
        assertThat(preprocessing("vit", "{'size':224,'resample':3,'image_mean':[0,0.5,1],'image_std':[1,2,3]}"))
                .usingRecursiveComparison().isEqualTo(preprocessing(224, 224, 1, Resize.SQUASH,
                        Interpolation.BICUBIC, new float[] {0, 0.5f, 1}, new float[] {1, 2, 3}));
        assertThat(preprocessing("vit", "{'do_normalize':false,'crop_size':null,'rescale_factor':0.00392156862745098}"))
                .usingRecursiveComparison().isEqualTo(preprocessing(224, 224, 1, Resize.SQUASH,
                        Interpolation.BILINEAR, new float[3], new float[] {1, 1, 1}));
        assertThat(preprocessing("deit", "{'do_center_crop':true,'crop_size':{'height':224,'width':224},"
                + "'size':{'height':256,'width':256}}")).usingRecursiveComparison().isEqualTo(
                preprocessing(224, 224, 0.875f, Resize.SQUASH, Interpolation.BICUBIC, HALF, HALF));
        assertThat(preprocessing("deit", "{'do_center_crop':true,'crop_size':224,'size':256,'resample':2}"))
                .usingRecursiveComparison().isEqualTo(
                preprocessing(224, 224, 0.875f, Resize.SQUASH, Interpolation.BILINEAR, HALF, HALF));
        assertThat(preprocessing("vit", "{'do_center_crop':true,'crop_size':224,'size':{'shortest_edge':224}}"))
                .usingRecursiveComparison().isEqualTo(
                preprocessing(224, 224, 1, Resize.SHORT_SIDE, Interpolation.BILINEAR, HALF, HALF));
    }

    @Test
    void theCropFractionLeadsBackToTheSizeBeforeTheCrop() {
        for (int size = 1; size <= 600; size += 7) {
            for (int resized = size; resized <= 2 * size + 40; resized++) {
                float fraction = CropFraction.of(size, resized);
                assertThat((int) (size / Double.parseDouble(Float.toString(fraction)))).as("%d of %d", size, resized)
                        .isEqualTo(resized);
                assertThat(fraction).isBetween((float) size / resized - 1e-6f, (float) size / resized);
            }
        }
    }

    /** PreprocessorTest has what these make of pictures. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "{'shortest_edge':256} | SHORT_SIDE | 256 256",
        "{'height':256,'width':300} | SQUASH | 256 300",
        "{'shortest_edge':256,'longest_edge':300} | SHORT_SIDE_WITHIN | 256 300",
        "{'max_height':500,'max_width':400} | WITHIN | 500 400",
    })
    void takesSizesOfAnotherAspectThanTheCrop(String size, Resize resize, String target)
            throws InvalidInputException {
        Fields config = fields("config.json", "{'model_type':'vit','image_size':[224,448]}");
        Preprocessing read = TransformersConfig.read(config, fields("preprocessor_config.json",
                "{'do_center_crop':true,'crop_size':{'height':224,'width':448},'size':" + size + "}"))
                .preprocessing();
        assertThat(read.resize()).isEqualTo(resize);
        assertThat(read.target().height() + " " + read.target().width()).isEqualTo(target);
        assertThat(read.height() + " " + read.width()).isEqualTo("224 448");
    }

    @Test
    void namesKeysThatItDoesNotKnow() throws InvalidInputException {
        assertThat(TransformersConfig.read(fields("config.json", "{'model_type':'vit'}"),
                fields("preprocessor_config.json", "{'do_jitter':true,'processor_class':'X','do_convert_rgb':true,"
                        + "'resample':2,'crop_rows':null}")).warnings())
                .containsExactly("preprocessor_config.json: do_jitter: not known; it is ignored");
    }

    @Test
    void besideTimmsConfigOnlyTheWrappersFileIsNotRemarkedOn() throws InvalidInputException {
        assertThat(TransformersPreprocessing.besideTimm(null)).isEmpty();
        assertThat(TransformersPreprocessing.besideTimm(
                fields("preprocessor_config.json", "{'image_processor_type':'TimmWrapperImageProcessor'}"))).isEmpty();
        assertThat(TransformersPreprocessing.besideTimm(
                fields("preprocessor_config.json", "{'image_processor_type':'CLIPImageProcessor'}")))
                .containsExactly("preprocessor_config.json: ignored: config.json is timm's, and its pretrained_cfg "
                        + "says how pictures are prepared");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        // fields | crop fraction | resize | interpolation | crop | rescale | first mean
        "'image_processor_type':'ViTImageProcessorFast' | 1 | SQUASH | BILINEAR | DOWN | 0.00392156862745098 | 0.5",
        "'feature_extractor_type':'DeiTFeatureExtractor' | 0.875 | SQUASH | BICUBIC | DOWN | 0.00392156862745098 | 0.5",
        "'image_processor_type':'CLIPImageProcessor' | 1 | SHORT_SIDE | BICUBIC | DOWN | 0.00392156862745098 | "
        + "0.48145466",
        "'image_processor_type':'BitImageProcessor','size':256 | 0.875 | SHORT_SIDE | BICUBIC | DOWN | "
            + "0.00392156862745098 | 0.48145466",
        "'image_processor_type':'SiglipImageProcessor' | 1 | SQUASH | BICUBIC | DOWN | 0.00392156862745098 | 0.5",
        "'image_processor_type':'BeitImageProcessor','image_mean':0.25 | 1 | SQUASH | BICUBIC | DOWN | "
            + "0.00392156862745098 | 0.25",
        "'image_processor_type':'ConvNextImageProcessor','size':{'shortest_edge':224} | 0.875 | SHORT_SIDE | BICUBIC | "
            + "DOWN | 0.00392156862745098 | 0.5",
        "'image_processor_type':'ConvNextImageProcessor','size':224,'crop_pct':0.8 | 0.8 | SHORT_SIDE | BICUBIC | "
        + "DOWN | 0.00392156862745098 | 0.5",
        "'image_processor_type':'LevitImageProcessor' | 0.875 | SHORT_SIDE | BICUBIC | DOWN | 0.00392156862745098 | "
        + "0.485",
        "'size':[224,224],'resample':0 | 1 | SQUASH | NEAREST | DOWN | 0.00392156862745098 | 0.5",
        "'resample':1 | 1 | SQUASH | LANCZOS | DOWN | 0.00392156862745098 | 0.5",
        "'resample':4 | 1 | SQUASH | BOX | DOWN | 0.00392156862745098 | 0.5",
        "'resample':5 | 1 | SQUASH | HAMMING | DOWN | 0.00392156862745098 | 0.5",
        "'resample':'PILImageResampling.BICUBIC' | 1 | SQUASH | BILINEAR | DOWN | 0.00392156862745098 | 0.5",
        "'do_rescale':false,'image_mean':[123,116,103] | 1 | SQUASH | BILINEAR | DOWN | 1 | 123",
        "'rescale_factor':0.5 | 1 | SQUASH | BILINEAR | DOWN | 0.5 | 0.5",
        "'do_normalize':false | 1 | SQUASH | BILINEAR | DOWN | 0.00392156862745098 | 0",
        "'do_resize':false | 1 | NONE | BILINEAR | NONE | 0.00392156862745098 | 0.5",
        "'do_resize':false,'do_center_crop':true,'crop_size':224 | 1 | NONE | BILINEAR | DOWN | "
            + "0.00392156862745098 | 0.5",
        "'do_center_crop':true,'crop_size':224,'size':200 | 1.1199999 | SQUASH | BILINEAR | DOWN | "
        + "0.00392156862745098 | 0.5",
    })
    void takesTheNamedProcessorsDefaultsAndEverySpelling(String json, float fraction, Resize resize,
            Interpolation interpolation, Preprocessing.Crop crop, double rescale, float mean)
            throws InvalidInputException {
        Preprocessing read = TransformersConfig.read(fields("config.json", "{'model_type':'vit'}"),
                fields("preprocessor_config.json", "{" + json + "}")).preprocessing();
        assertThat(read.cropFraction()).isEqualTo(fraction);
        assertThat(read.resize()).isEqualTo(resize);
        assertThat(read.interpolation()).isEqualTo(interpolation);
        assertThat(read.crop()).isEqualTo(crop);
        assertThat(read.rescale()).isEqualTo(rescale);
        assertThat(read.mean()[0]).isEqualTo(mean);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "'do_pad':true,'pad_size':{'height':256,'width':256} | do_pad: true is not supported",
        "'resample':6               | resample: expected an integer from 0 to 5, came 6",
        "'resample':'cubic' | resample: expected nearest, box, bilinear, hamming, bicubic or lanczos, came \"cubic\"",
        "'size':{'longest_edge':224} | size: expected height and width, shortest_edge, or one number, came "
            + "{\"longest_edge\":224}",
        "'image_processor_type':'PixtralImageProcessor' | image_processor_type: expected one of Beit, Bit, Blip, CLIP, "
            + "ChineseCLIP, ConvNext, DINOv3ViT, Data2VecVision, DeiT, Levit, Siglip, ViT, ViTHybrid and "
            + "ImageProcessor, came "
            + "\"PixtralImageProcessor\"",
        "'do_flip_channel_order':true | do_flip_channel_order: true is not supported",
        "'size':384                 | size: expected 224x224, config.json's image_size, came 384",
        "'size':{'height':224} | size: expected height and width, shortest_edge, or one number, came {\"height\":224}",
        "'size':{'shortest_edge':224} | size.shortest_edge: expected do_center_crop beside it; without, pictures would "
            + "keep their aspect and not fit the model",
        "'do_center_crop':true      | crop_size: expected the crop's size, for do_center_crop, came nothing",
        "'do_center_crop':true,'crop_size':256 | crop_size: expected 224x224, config.json's image_size, came 256",
        "'size':{'max_height':224,'max_width':224} | size: expected do_center_crop beside it; without, pictures would "
            + "keep their aspect and not fit the model",
        "'image_processor_type':'DINOv3ViTImageProcessor','resample':1 | resample: expected 2 or 3 (bilinear or "
            + "bicubic), which DINOv3ViTImageProcessor can do on floats, came 1",
        "'do_grayscale':true | do_grayscale: true is not supported",
        "'image_std':[0,1,1] | image_std: expected a list of 3 numbers over 0.0 and at most 1000.0, came [0,1,1]",
    })
    void refusesPreprocessingThatCannotBe(String fields, String problem) {
        assertThatThrownBy(() -> preprocessing("vit", "{" + fields + "}")).isInstanceOf(InvalidInputException.class)
                .hasMessage("preprocessor_config.json: " + problem);
    }

    private static Preprocessing preprocessing(int height, int width, float fraction, Resize resize,
                                               Interpolation interpolation, float[] mean, float[] std) {
        return new Preprocessing(height, width, fraction, resize, interpolation, Preprocessing.Crop.DOWN, 1 / 255.0,
                mean,
                std);
    }
}
