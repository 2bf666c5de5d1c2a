// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IDisputeVerifier} from "../interfaces/IDisputeVerifier.sol";

/// @title The header of an attestation (CL1, header D)
library CL1Header {
    bytes1 internal constant HEADER = 0x03;

    /// @notice D = H(0x03 || schemaId || fieldsRoot || subjectTag || … || chainId || AnchorRegistry), 217 bytes in.
    function digest(IDisputeVerifier.Header calldata header) internal pure returns (bytes32) {
        bytes memory claims =
            abi.encodePacked(header.schemaId, header.fieldsRoot, header.subjectTag, header.issuer);
        bytes memory times = abi.encodePacked(
            header.issuedAt, header.validUntil, header.asOf, header.periodFrom, header.periodTo
        );
        // all parts are of fixed width, so their concatenation is unambiguous
        return keccak256(
            bytes.concat(
                HEADER,
                claims,
                times,
                header.supersedes,
                bytes8(header.chainId),
                bytes20(header.anchorRegistry)
            )
        );
    }
}
