// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";
import {MockUSDC} from "../mocks/MockUSDC.sol";
import {Settlement} from "../src/Settlement.sol";

/// A settlement contract with a float, and those who may do something with it.
abstract contract SettlementBase is Test {
    uint48 internal constant BATCH_CAP = 10_000e6;
    uint48 internal constant DAY_CAP = 25_000e6;
    uint48 internal constant ADMIN_DELAY = 1 days;
    uint256 internal constant FLOAT = 1_000_000e6;

    address internal immutable ADMIN = makeAddr("admin");
    address internal immutable SETTLER = makeAddr("settler");
    address internal immutable PAUSER = makeAddr("pauser");
    address internal immutable STRANGER = makeAddr("stranger");
    address internal immutable ALICE = makeAddr("alice");
    address internal immutable BOB = makeAddr("bob");
    address internal immutable CAROL = makeAddr("carol");

    MockUSDC internal usdc;
    Settlement internal settlement;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        usdc = new MockUSDC();
        settlement = deployFor(IERC20(address(usdc)));
        usdc.mint(address(settlement), FLOAT);
    }

    function deployFor(IERC20 token) internal returns (Settlement) {
        return new Settlement(token, ADMIN, SETTLER, PAUSER, BATCH_CAP, DAY_CAP, ADMIN_DELAY);
    }

    function idOf(uint256 number) internal view returns (bytes32) {
        return settlement.idOf(bytes16(uint128(number)));
    }

    function payout(uint256 number, address to, uint256 amount) internal view returns (Settlement.Payout memory) {
        return Settlement.Payout(idOf(number), to, amount);
    }

    function one(uint256 number, address to, uint256 amount)
        internal
        view
        returns (Settlement.Payout[] memory payouts)
    {
        payouts = new Settlement.Payout[](1);
        payouts[0] = payout(number, to, amount);
    }

    /// The same amount for each of `count` payees, who are new to every `first`.
    function many(uint256 first, uint256 count, uint256 amount)
        internal
        view
        returns (Settlement.Payout[] memory payouts)
    {
        payouts = new Settlement.Payout[](count);
        for (uint256 i; i < count; ++i) {
            payouts[i] = payout(first + i, address(uint160(0x10000 + first + i)), amount);
        }
    }

    function settle(Settlement.Payout[] memory payouts) internal returns (uint256) {
        vm.prank(SETTLER);
        return settlement.settle(payouts);
    }

    function settleReverts(Settlement.Payout[] memory payouts, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(SETTLER);
        settlement.settle(payouts);
    }
}
