// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {ICouncilOwned} from "./interfaces/ICouncilOwned.sol";

/// @title CouncilOwned
/// @notice See ICouncilOwned for what it promises.
abstract contract CouncilOwned is Ownable, ICouncilOwned {
    constructor(address council) Ownable(council) {}

    /// @notice Always refused.
    function renounceOwnership() public view override {
        revert OwnerFixed(owner());
    }

    /// @notice Always refused.
    function transferOwnership(address) public view override {
        revert OwnerFixed(owner());
    }
}
