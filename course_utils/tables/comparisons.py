"""The tables that compare recipes. A new one is a few lines here."""

from course_utils.recipes.family import FAMILY
from course_utils.tables.comparison import Comparison

COMPARISONS = {
    "aae-against-vae": Comparison(
        rows=[
            ("AAE, 2-D Gaussian", "aae_gaussian_2d"),
            ("VAE, 2-D Gaussian", "vae_gaussian_2d"),
            ("AAE, ten Gaussians", "aae_ten_gaussians"),
            ("VAE, ten Gaussians", "vae_ten_gaussians"),
        ],
        columns=[
            ("energy distance of codes to prior", "energy_distance", 3),
            ("holes, %", "holes_percent", 3),
            ("holes of a perfect match, %", "holes_percent_if_perfect", 2),
            ("half squared error an image", "reconstruction_squared_error", 3),
        ],
    ),
    "parzen": Comparison(
        rows=[
            ("AAE", "aae_parzen"),
            ("VAE, Bernoulli likelihood", "vae_parzen"),
            ("VAE, Gaussian likelihood, tuned for this number", "vae_parzen_tuned"),
        ],
        columns=[("Parzen log-likelihood, nats", "parzen_log_likelihood", 4)],
    ),
    "bounds": Comparison(
        rows=[("VAE, 50-D code", "vae_50d")],
        columns=[
            ("ELBO, nats", "elbo_binarised", 4),
            ("IWAE bound, 50 draws, nats", "iwae_50_binarised", 4),
        ],
    ),
    "reconstruction": Comparison(
        rows=[("linear, 8-D code", "linear_autoencoder"), ("512-512 ReLU units, 8-D code", "autoencoder_8d")],
        columns=[
            ("half squared error an image", "reconstruction_squared_error", 4),
            ("that of PCA", "pca_squared_error", 4),
            ("largest angle to PCA, degrees", "largest_angle", 2),
        ],
    ),
    "restoration": Comparison(
        rows=[
            ("noise of standard deviation 0.5 removed", "denoising_autoencoder"),
            ("7x7 pixels enlarged to 28x28", "super_resolution_7x7"),
        ],
        columns=[
            ("noisy, dB", "psnr_noisy_0.5", 4),
            ("denoised, dB", "psnr_restored_0.5", 4),
            ("bicubic interpolation, dB", "psnr_bicubic", 4),
            ("enlarged, dB", "psnr_restored", 4),
        ],
    ),
    "retrieval": Comparison(
        rows=[("semantic hashing, 32 bits", "semantic_hashing")],
        columns=[
            ("its bits", "precision_at_100_bits", 3),
            ("signs of 32 principal components", "precision_at_100_pca_bits", 3),
            ("32 principal components as real numbers", "precision_at_100_pca_reals", 3),
        ],
    ),
    "posteriors": Comparison(
        rows=[
            ("diagonal Gaussian, 20-D", "vae_diagonal"),
            ("full-covariance Gaussian, 20-D", "vae_full_covariance"),
            ("20 variables of 10 classes", "vae_categorical"),
        ],
        columns=[
            ("ELBO, nats", "elbo_binarised", 4),
            ("IWAE bound, 50 draws, nats", "iwae_50_binarised", 4),
            ("parameters", "parameters", 6),
        ],
    ),
    "circle": Comparison(
        rows=[
            ("VAE", "vae_circle"),
            ("VAE, three times as long", "vae_circle_long"),
            ("VAE, started at the truth", "vae_circle_from_truth"),
            ("VAE, full covariance, started at the truth", "vae_circle_full_covariance_from_truth"),
            ("importance-weighted, 20 draws, started at the truth", "iwae_circle_from_truth"),
            ("GAN", "gan_circle"),
            ("GAN, started at the truth", "gan_circle_from_truth"),
        ],
        columns=[
            ("mass misplaced, %", "misplaced_percent", 3),
            ("of as much data, %", "misplaced_percent_of_data", 2),
            ("KL(data, model), nats", "kl_to_model", 3),
            ("gap of the bound, nats", "bound_gap", 3),
        ],
    ),
    "images": Comparison(
        rows=[
            ("GAN, fully connected, no batch norm", "gan_mlp_plain"),
            ("GAN, fully connected", "gan_mlp"),
            ("DCGAN", "dcgan"),
            ("DCGAN, discriminator learns a hundred times slower", "dcgan_slow_discriminator"),
            ("DCGAN, told the class", "conditional_dcgan"),
            ("moment matching (MMD), fully connected", "gmmn"),
            ("VAE, fully connected", "vae_mlp_images"),
            ("VAE, convolutional", "vae_conv_images"),
        ],
        columns=[
            ("FID", "fid", 3),
            ("FID of training images", "fid_of_training_images", 3),
            ("KID", "kid", 3),
            ("precision, %", "precision_percent", 3),
            ("recall, %", "recall_percent", 3),
            ("sharpness", "sharpness", 3),
            ("class as asked, %", "requested_class_percent", 3),
            ("discriminator loss", "discriminator_loss", 3),
        ],
    ),
    "ring": Comparison(
        rows=[
            ("GAN", "gan_ring"),
            ("GAN, discriminator learns a hundred times slower", "gan_ring_slow_discriminator"),
            ("moment matching (MMD)", "mmd_ring"),
            ("VAE", "vae_ring"),
        ],
        columns=[
            ("modes covered, of 8", "modes_covered", 2),
            ("samples on a mode, %", "high_quality_percent", 3),
            ("energy distance", "energy_distance", 3),
            ("discriminator loss", "discriminator_loss", 3),
        ],
    ),
    "aae-posteriors": Comparison(
        rows=[
            ("deterministic", "aae_posterior_deterministic"),
            ("Gaussian", "aae_posterior_gaussian"),
            ("universal approximator", "aae_posterior_universal"),
        ],
        columns=[
            ("width of q(z\\|x), % of that of all codes", "posterior_width_percent", 3),
            ("images whose q(z\\|x) is not Gaussian, %", "non_gaussian_percent", 3),
            ("energy distance of codes to prior", "energy_distance", 3),
            ("holes, %", "holes_percent", 3),
            ("half squared error an image", "reconstruction_squared_error", 3),
            ("parameters of the encoder", "encoder_parameters", 6),
        ],
    ),
    "imposed-priors": Comparison(
        rows=[
            ("ten Gaussians, no labels", "unlabelled_ten_gaussians"),
            ("ten Gaussians, a fifth of the labels", "labelled_ten_gaussians"),
            ("ten Gaussians, all labels", "labelled_ten_gaussians_all"),
            ("swiss roll, a fifth of the labels", "labelled_swiss_roll"),
            ("swiss roll, all labels", "labelled_swiss_roll_all"),
        ],
        columns=[
            ("codes in the part of their class, %", "own_part_percent", 3),
            ("the same after the best matching, %", "matched_part_percent", 3),
            ("drawn from a part and read as its class, %", "part_read_percent", 3),
            ("energy distance of codes to prior", "energy_distance", 3),
            ("half squared error an image", "reconstruction_squared_error", 3),
        ],
    ),
    "style-and-content": Comparison(
        rows=[
            ("AAE, no labels", "aae_15d"),
            ("supervised AAE", "supervised_aae"),
            ("supervised AAE whose discriminator sees the class", "supervised_aae_class_seen"),
        ],
        columns=[
            ("class read from z linearly, %", "read_linearly_percent", 3),
            ("by a network, %", "read_by_network_percent", 3),
            ("by chance, %", "chance_percent", 3),
            ("R² of slant from z within classes", "slant_r2_within_classes", 3),
            ("R² of thickness", "thickness_r2_within_classes", 3),
            ("drawn again in another class and read as it, %", "transferred_class_percent", 3),
            ("slant kept", "slant_kept", 3),
        ],
    ),
    "vae-gan": Comparison(
        rows=[
            ("VAE", "strided_vae"),
            ("VAE, features of a trained GAN's discriminator", "feature_vae"),
            ("VAE/GAN", "vae_gan"),
            ("GAN", "strided_gan"),
        ],
        columns=[
            ("FID of samples", "fid", 3),
            ("KID", "kid", 3),
            ("precision, %", "precision_percent", 3),
            ("recall, %", "recall_percent", 3),
            ("sharpness in the middle", "samples_centre_sharpness", 3),
            ("of test images", "test_centre_sharpness", 3),
            ("sharpness at the border", "samples_border_sharpness", 3),
            ("of test images", "test_border_sharpness", 3),
            ("FID of reconstructions", "reconstruction_fid", 3),
            ("half squared error", "reconstruction_squared_error", 3),
            ("class kept, %", "reconstruction_class_percent", 3),
        ],
    ),
    "vae-gan-variants": Comparison(
        rows=[
            ("gamma 0.00001", "vae_gan_gamma_1e-05"),
            ("gamma 0.0001", "vae_gan_gamma_0.0001"),
            ("gamma 0.001, layer 2: as above, half as long", "vae_gan_gamma_0.001"),
            ("gamma 0.01", "vae_gan_gamma_0.01"),
            ("gamma 0.1", "vae_gan_gamma_0.1"),
            ("layer 0: the image itself", "vae_gan_layer_0"),
            ("layer 1: the first convolution", "vae_gan_layer_1"),
            ("layer 3: the dense one", "vae_gan_layer_3"),
            ("no samples in the GAN loss", "vae_gan_without_samples"),
            ("no reconstructions in the GAN loss", "vae_gan_without_reconstructions"),
            ("fakes weigh as much as data", "vae_gan_balanced"),
        ],
        columns=[
            ("FID of samples", "fid", 3),
            ("recall, %", "recall_percent", 3),
            ("FID of reconstructions", "reconstruction_fid", 3),
            ("half squared error", "reconstruction_squared_error", 3),
            ("class kept, %", "reconstruction_class_percent", 3),
            ("KL, nats", "kl", 3),
        ],
    ),
    "vae-gan-stability": Comparison(
        rows=[
            ("as it is", "vae_gan_short"),
            ("features as they are", "vae_gan_short_absolute_features"),
            ("discriminator as fast as the others", "vae_gan_short_equal_rates"),
        ],
        columns=[
            ("sane, share of the seeds", "sane", 2),
            ("class kept, %", "reconstruction_class_percent", 3),
            ("rarest class of samples, %", "rarest_class_percent", 2),
            ("FID of samples", "fid", 3),
            ("KL, nats", "kl", 3),
            ("size of features", "feature_size", 2),
        ],
    ),
    "defects": Comparison(
        rows=[
            ("autoencoder", "defects_autoencoder"),
            ("VAE", "defects_vae"),
            ("AAE", "defects_aae"),
            ("AnoGAN", "defects_anogan"),
            ("GANomaly", "defects_ganomaly"),
            ("Skip-GANomaly", "defects_skip_ganomaly"),
            ("VAE with guided attention", "defects_attention_vae"),
        ],
        columns=[
            ("pixel AUROC: cut", "stroke_cut_pixel_auroc", 3),
            ("blob", "blob_pixel_auroc", 3),
            ("noise", "noise_patch_pixel_auroc", 3),
            ("IoU: cut", "stroke_cut_iou", 3),
            ("blob", "blob_iou", 3),
            ("noise", "noise_patch_iou", 3),
            ("image AUROC: cut", "stroke_cut_image_auroc", 3),
            ("blob", "blob_image_auroc", 3),
            ("noise", "noise_patch_image_auroc", 3),
        ],
    ),
    "family": Comparison(
        rows=[(what, f"family_{name}") for name, (_, _, what) in FAMILY.items()],
        columns=[
            ("FID", "fid", 3),
            ("KID", "kid", 3),
            ("precision, %", "precision_percent", 3),
            ("recall, %", "recall_percent", 3),
            ("class as asked, %", "requested_class_percent", 3),
            ("IWAE bound, 50 draws, nats", "iwae_50_binarised", 4),
            ("half squared error", "reconstruction_squared_error", 3),
            ("class kept, %", "reconstruction_class_percent", 3),
            ("energy distance of codes", "energy_distance", 3),
            ("holes, %", "holes_percent", 3),
            ("error of a linear probe, %", "probe_error_percent", 3),
            ("class error, %", "class_error_percent", 3),
            ("Mflop an image to train", "training_megaflops", 3),
            ("to sample", "sample_megaflops", 3),
            ("to encode", "encode_megaflops", 3),
        ],
    ),
}
